import Foundation
import Logging
import Outbound
import Postgres
import Reconcilers
import Simulators
import Support
import Vendors

/// A database and a simulated droplet that outlive the daemons which crash on them.
struct ContainerLane: Sendable {
    static let image = "ghcr.io/openclaw/openclaw:2026.2.22"
    static let newImage = "ghcr.io/openclaw/openclaw:2026.3.1"
    static let brokenImage = "ghcr.io/openclaw/openclaw:2026.3.2"
    static let dataPath = "/opt/mypa/agents/pa-ada/data"

    let database: TestDatabase
    let admin: Database
    let docker: DockerSimulator
    let gateways: GatewayServers
    let keyRing: KeyRing
    /// Somebody else on the droplet.
    let bystander: DockerClient
    private let outbound: Outbound

    static func open() async throws -> ContainerLane {
        let database = try await TestDatabase.make()
        let admin = database.open { $0.maxConnections = 2 }
        try await admin.script(rows)
        let docker = try await DockerSimulator.start()
        docker.publish(.init(image))
        docker.publish(.init(newImage))
        docker.publish(.init(brokenImage) { $0.behaviour = .crashes(code: 1) })
        docker.onExec(.init("which chromium", exitCode: 1))
        docker.onExec(.init("which chromium") { $0.needs = ["chromium"] })
        docker.onExec(.init("install chromium") { $0.marks = ["chromium"] })
        let state = "/home/node/.openclaw/"
        docker.onExec(
            .init("mv -f *") { $0.moves = [state + ".openclaw.json.converged": state + "openclaw.json"] })
        let outbound = Outbound(OutboundSettings(), logger: Logger(label: "bystander"))
        return ContainerLane(
            database: database, admin: admin, docker: docker,
            gateways: try await GatewayServers.open(docker, ports: 19100...19101),
            keyRing: try KeyRing(credential: Array("k1 \(Data(repeating: 7, count: 32).base64EncodedString())".utf8)),
            bystander: DockerClient(outbound, endpoint: .unix(docker.socket)), outbound: outbound)
    }

    func close() async throws {
        await gateways.stop()
        await docker.stop()
        await outbound.close()
        await admin.close()
        try await database.drop()
    }

    /// One droplet, and every token that a row ever held.
    private static let rows = """
        insert into converged.teams (name) values ('alpha');
        insert into converged.droplets (name, address, domain, served_by)
        values ('fleet-alpha', '192.0.2.1', 'team.example.com', 'path-test');
        create table tokens_seen (pa uuid, token text);
        create function note_token() returns trigger language plpgsql security definer as $$
        begin
            if new.gateway_token is not null then
                insert into tokens_seen values (new.id, new.gateway_token);
            end if;
            return null;
        end $$;
        create trigger note_token after update of gateway_token on converged.pas
            for each row execute function note_token();
        """

    /// The droplet as a daemon serves it.
    func droplet(_ outbound: Outbound) -> ServedDroplet {
        let address = gateways.address
        return ServedDroplet(
            name: "fleet-alpha", docker: DockerClient(outbound, endpoint: .unix(docker.socket)),
            gateway: { GatewayClient(outbound, host: address, port: $0) }, domain: "team.example.com",
            address: "192.0.2.1")
    }

    func insertPA() async throws -> UUID {
        try await admin.query(
            "insert into converged.pas (name, team, image) values ('ada', 'alpha', \(Self.image)) returning id"
        ).scalar()
    }

    /// Takes everything of a PA away, so that the next one begins with nothing.
    func clear() async throws {
        for container in docker.containers() { docker.removeContainer(container.id) }
        for path in [Self.dataPath, Self.dataPath + "/openclaw.json", Self.dataPath + "/sessions.db"] {
            docker.setHostFile(path, nil)
        }
        docker.clearLedger()
        docker.clearFaults()
        try await admin.batch([
            "delete from converged.jobs", "delete from converged.wakes", "delete from converged.pas",
            "delete from converged.containers", "delete from converged.conditions", "delete from tokens_seen",
        ])
    }

    /// Time passes for the database and for the droplet.
    func pass(_ span: Duration) async throws {
        try await moveClock(of: admin, by: span)
        docker.advance(by: span)
        try await admin.query("select pg_notify('converged_jobs', '')")
    }

    func wake(_ pa: UUID) async throws {
        try await admin.query("select converged.wake('pa@fleet-alpha', \(pa.uuidString.lowercased()), false)")
    }

    func change(_ pa: UUID, _ assignments: SQL) async throws {
        var update: SQL = "update converged.pas set "
        update.append(assignments)
        update.append(" where id = \(pa)")
        try await admin.query(update)
    }

    /// Where a PA stands, in one look.
    struct Standing: Sendable {
        var status: String
        var reason: String?
        var message: String?
        var isCurrent: Bool
        var jobState: String?
        var waitSeconds: Double?
        var pendingWakes: Int
    }

    func standing(_ pa: UUID) async throws -> Standing {
        let key = pa.uuidString.lowercased()
        let row = try await admin.query(
            """
            select coalesce(p.status, 'gone'), c.reason, c.message, coalesce(p.observed_generation = p.generation, true),
                j.state::text, extract(epoch from j.run_at - converged.now())::float8,
                (select count(*) from converged.wakes where key = \(key))
            from (select \(pa)::uuid as id) wanted
                left join converged.pas p on p.id = wanted.id
                left join converged.conditions c on c.kind = 'pa' and c.key = \(key) and c.type = 'Ready'
                left join converged.jobs j on j.kind = 'pa@fleet-alpha' and j.key = \(key)
            """)
        let (status, reason, message, isCurrent, state, wait, wakes) = try row[0].decode(
            (String, String?, String?, Bool, String?, Double?, Int).self)
        return Standing(
            status: status, reason: reason, message: message, isCurrent: isCurrent, jobState: state, waitSeconds: wait,
            pendingWakes: wakes)
    }

    /// Lets time pass whenever nothing is due, until Ready shows one of the reasons (`gone`: no row) and nobody works on
    /// it, or `interrupted` says that there is no point in waiting.
    @discardableResult func settle(
        _ pa: UUID, _ reason: String, lasting: Double = 600, interrupted: () -> Bool = { false }
    ) async throws -> Standing {
        let end = ContinuousClock.now + .seconds(120)
        var last: Standing?
        while ContinuousClock.now < end {
            let now = try await standing(pa)
            if interrupted() { return now }
            last = now
            let isIdle = now.pendingWakes == 0 && now.jobState != "running"
            let isThere = now.status == "gone" ? reason == "gone" : now.reason == reason && now.isCurrent
            if isIdle, isThere, now.waitSeconds ?? 86_400 > lasting { return now }
            if isIdle, let wait = now.waitSeconds, wait > 0.02, wait < 3590 { try await pass(.seconds(wait)) }
            try await Task.sleep(for: .milliseconds(2))
        }
        let errors: [String] = try await admin.query(
            "select message from converged.job_errors order by at desc limit 3"
        ).column(0)
        let calls = docker.ledger.suffix(15).map(\.description).joined(separator: "\n")
        throw LaneFailure(
            description: "PA is not \(reason): \(String(describing: last))\n\(errors)\n\(calls)\n\(docker.breaches)")
    }
}
