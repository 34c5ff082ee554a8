import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

/// 14 assistants on three simulated droplets, and a daemon that serves them all and runs rollouts.
struct FleetLane: Sendable {
    static let oldImage = ContainerLane.image
    static let newImage = ContainerLane.newImage
    static let names = (1...14).map { "p" + ($0 < 10 ? "0" : "") + "\($0)" }

    let database: TestDatabase
    let admin: Database
    let dockers: [DockerSimulator]
    private let gateways: [GatewayServers]
    private let daemon: Database
    private let outbound: Outbound
    private let worker: Worker

    static func run(_ body: (FleetLane) async throws -> Void) async throws {
        let lane = try await FleetLane()
        let work = Task { try await lane.worker.run() }
        let result: Result<Void, any Error>
        do {
            try await lane.insert()
            result = .success(try await body(lane))
        } catch { result = .failure(error) }
        work.cancel()
        await lane.outbound.close()
        _ = await work.result
        for docker in lane.dockers { #expect(docker.breaches.isEmpty, "\(docker.breaches)") }
        for gateway in lane.gateways { await gateway.stop() }
        for docker in lane.dockers { await docker.stop() }
        await lane.daemon.close(grace: .zero)
        await lane.admin.close()
        try await lane.database.drop()
        try result.get()
    }

    private init() async throws {
        database = try await TestDatabase.make()
        admin = database.open { $0.maxConnections = 2 }
        daemon = database.open(role: "converged_daemon") { $0.maxConnections = 4 }
        var logger = Logger(label: "fleet")
        logger.logLevel = .critical
        outbound = Outbound(OutboundSettings(), logger: logger)
        let keyRing = try KeyRing(
            credential: Array("k1 \(Data(repeating: 7, count: 32).base64EncodedString())".utf8))
        var dockers: [DockerSimulator] = []
        var gateways: [GatewayServers] = []
        var kinds = [Rollouts.jobKind(database: daemon, logger: logger)]
        for number in 1...3 {
            let docker = try await DockerSimulator.start()
            docker.publish(.init(Self.oldImage))
            docker.publish(.init(Self.newImage))
            let state = "/home/node/.openclaw/"
            docker.onExec(
                .init("mv -f *") { $0.moves = [state + ".openclaw.json.converged": state + "openclaw.json"] })
            let gateway = try await GatewayServers.open(docker, ports: 19100...19104)
            let address = gateway.address
            let droplet = ServedDroplet(
                name: "fleet-\(number)", docker: DockerClient(outbound, endpoint: .unix(docker.socket)),
                gateway: { [outbound] in GatewayClient(outbound, host: address, port: $0) }, domain: "team.example.com",
                address: "192.0.2.\(number)")
            kinds.append(
                PAs.jobKind(on: droplet, database: daemon, keyRing: keyRing, checklist: { _, _, _ in .done }))
            dockers.append(docker)
            gateways.append(gateway)
        }
        self.dockers = dockers
        self.gateways = gateways
        var settings = WorkerSettings(name: "path-test", version: "1")
        settings.grace = .zero
        settings.cancelGrace = .milliseconds(20)
        worker = Worker(database: daemon, kinds: kinds, settings: settings, logger: logger)
    }

    /// p01 is on fleet-1, p02 on fleet-2, p03 on fleet-3, p04 on fleet-1 again.
    private func insert() async throws {
        try await admin.batch([
            "insert into converged.teams (name) values ('alpha')",
            """
            insert into converged.droplets (name, address, domain, served_by)
            select 'fleet-' || n, ('192.0.2.' || n)::inet, 'team.example.com', 'path-test' from generate_series(1, 3) n
            """,
            """
            insert into converged.pas (name, team, droplet, image)
            select name, 'alpha', 'fleet-' || (place - 1) % 3 + 1, \(Self.oldImage)
            from unnest(\(Self.names)::text[]) with ordinality as wanted (name, place)
            """,
        ])
    }

    func docker(of name: String) -> DockerSimulator { dockers[Self.names.firstIndex(of: name)! % 3] }

    /// With the new image their gateways never get healthy.
    func spoil(_ names: [String]) async throws {
        for name in names {
            let id: UUID = try await admin.query("select id from converged.pas where name = \(name)").scalar()
            docker(of: name).behave(
                .init(.neverHealthy, image: Self.newImage, label: "converged.owner=pa/\(id.uuidString.lowercased())"))
        }
    }

    /// Lets time pass whenever the daemon has nothing to do (surveys and routes are nobody's here), until the question is answered with true.
    func settle(_ what: String, _ question: SQL) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            let (isThere, isIdle, wait) = try await admin.query(
                """
                select (\(question)), not exists (select from converged.wakes where kind ~ '^(pa@|rollout$)')
                    and not exists (select from converged.jobs where state = 'running' or run_at <= converged.now()),
                    (select extract(epoch from min(run_at) - converged.now())::float8 from converged.jobs)
                """)[0].decode((Bool, Bool, Double?).self)
            if isIdle, isThere { return }
            if isIdle, let wait, wait > 0.02, wait < 3590 {
                try await moveClock(of: admin, by: .seconds(wait))
                for docker in dockers { docker.advance(by: .seconds(wait)) }
                try await admin.query("select pg_notify('converged_jobs', '')")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        let told: [String] = try await admin.query(
            """
            select name || ': ' || c.status || ' ' || c.reason || ' ' || c.message
            from converged.pas p join converged.conditions c on c.kind = 'pa' and c.key = p.id::text and c.type = 'Ready'
            union all select why from converged.rollouts union all select message from converged.job_errors order by 1
            """
        ).column(0)
        throw LaneFailure(description: "\(what) never came:\n\(told.joined(separator: "\n"))")
    }

    /// Name of each PA's one container, and which image it runs; serving, all of them.
    func containers() -> [String: DockerSimulator.ContainerSnapshot] {
        var found: [String: DockerSimulator.ContainerSnapshot] = [:]
        for docker in dockers {
            for container in docker.containers() {
                #expect(container.isRunning, "\(container.name)")
                found[String(container.name.dropFirst("pa-".count))] = container
            }
            #expect(docker.containers().count == Self.names.filter { self.docker(of: $0) === docker }.count)
        }
        return found
    }
}
