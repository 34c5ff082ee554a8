import FoundationEssentials
import Postgres
import Vendors

/// What a droplet's rows say about its Caddy.
struct DesiredRoutes: Sendable {
    var droplet: String
    var generation: Int64
    /// nil: no Caddy of ours.
    var caddy: CaddySettings?
    var wanted: [CaddyRoute] = []
    /// Rows that cannot have a route, and why.
    var faults: [String] = []
    /// `@id`s of rows in `faults`: whatever stands there stays.
    private var untouched: Set<CaddyName> = []
    /// What was put into Caddy so far, or was about to be.
    var remembered: [CaddyName: Target] = [:]

    struct Target: Sendable, Equatable {
        var host: String
        var port: Int
    }

    /// Ours once and no longer wanted.
    var unwanted: Set<CaddyName> { Set(remembered.keys).subtracting(wanted.map(\.id)).subtracting(untouched) }
    /// Wanted, but not remembered like that.
    var news: [CaddyRoute] {
        wanted.filter { remembered[$0.id] != Target(host: $0.host.text, port: $0.port) }
    }

    /// One name of the droplet. PAs and services keep theirs while they are stopped: names are stable, and a stopped one
    /// answers 502 instead of being nobody's.
    struct Name: Sendable {
        var id: String
        var object: String
        /// Under the domain; `@`: the domain itself.
        var label: String
        var port: Int
        var listens: String
    }

    init(droplet: String, domain: String, generation: Int64, caddy: CaddySettings?, names: [Name]) {
        self.droplet = droplet
        self.generation = generation
        self.caddy = caddy
        for name in names {
            do throws(CaddyInvalid) {
                let id = try CaddyName(name.id)
                let host =
                    name.label == "@" ? try CaddyHost(domain) : try CaddyHost(label: name.label, domain: domain)
                guard ["127.0.0.1", "0.0.0.0"].contains(name.listens) else {
                    faults.append("\(name.object) listens on \(name.listens), Caddy reaches it at 127.0.0.1 only")
                    untouched.insert(id)
                    continue
                }
                wanted.append(try CaddyRoute(id: id, host: host, port: name.port))
            } catch {
                faults.append("\(name.object): \(error)")
                if let id = try? CaddyName(name.id) { untouched.insert(id) }
            }
        }
    }
}

extension DesiredRoutes {
    /// - Returns: nil when there is no such droplet.
    static func read(_ droplet: String, from database: Database) async throws -> DesiredRoutes? {
        let answers = try await database.batch([
            """
            select domain::text, generation, caddy_admin, caddy_server from converged.droplets where name = \(droplet)
            """,
            """
            select 'pa_' || id, 'pa ' || name, name::text, port, '127.0.0.1' from converged.pas
            where droplet = \(droplet) and deleted_at is null
            union all
            select 'service_' || id, 'service ' || name, host, port, host(address) from converged.services
            where droplet = \(droplet) and deleted_at is null and host is not null
            """,
            "select id, host, port from converged.routes where droplet = \(droplet)",
        ])
        guard let row = answers[0].first else { return nil }
        let (domain, generation, admin, server) = try row.decode((String, Int64, String?, String).self)
        let names = try answers[1].decode((String, String, String, Int, String).self).map {
            Name(id: $0.0, object: $0.1, label: $0.2, port: $0.3, listens: $0.4)
        }
        var desired = DesiredRoutes(
            droplet: droplet, domain: domain, generation: generation,
            caddy: try admin.map { try caddy($0, server, droplet) }, names: names)
        for (id, host, port) in try answers[2].decode((String, String, Int).self) {
            desired.remembered[try CaddyName(id)] = Target(host: host, port: port)
        }
        return desired
    }

    private static func caddy(_ admin: String, _ server: String, _ droplet: String) throws(CaddyInvalid)
        -> CaddySettings
    {
        let scheme = "unix://"
        return CaddySettings(
            admin: admin.hasPrefix(scheme) ? .unixSocket(String(admin.dropFirst(scheme.count))) : .tcp(admin),
            server: CaddyServer(name: try CaddyName(server)), breaker: "droplet/\(droplet)/caddy")
    }
}
