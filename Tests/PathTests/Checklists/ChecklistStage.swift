import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Support
import Synchronization
import Testing
import Vendors

@testable import Simulators

/// One PA's row, its running container on a Docker daemon (real or simulated), a gateway, and a lease: all that a checklist
/// needs. Every call of `advance` may be a new process.
final class ChecklistStage: Sendable {
    static let token = GatewayToken.random()

    let database: TestDatabase
    let admin: Database
    let endpoint: DockerEndpoint
    let container: String
    let image: String
    let lease: Lease
    let subject: ChecklistSubject
    let gateway: PretendedGateway
    let outbound: Outbound
    private let keyRing: KeyRing

    private init(
        _ database: TestDatabase, _ admin: Database, _ endpoint: DockerEndpoint, _ container: String, _ image: String,
        _ lease: Lease, _ subject: ChecklistSubject, _ gateway: PretendedGateway, _ outbound: Outbound,
        _ keyRing: KeyRing
    ) {
        self.database = database
        self.admin = admin
        self.endpoint = endpoint
        self.container = container
        self.image = image
        self.lease = lease
        self.subject = subject
        self.gateway = gateway
        self.outbound = outbound
        self.keyRing = keyRing
    }

    /// - Parameter steps: rows of `converged.checklist_steps`, without the checklist's name.
    static func with<Value>(
        _ endpoint: DockerEndpoint, image: String, steps: SQL, command: [String]? = nil,
        _ body: (ChecklistStage) async throws -> Value
    ) async throws -> Value {
        let database = try await TestDatabase.make()
        let admin = database.open()
        try await admin.script(
            """
            insert into converged.teams (name) values ('alpha');
            insert into converged.droplets (name, address, domain, served_by) values ('one', '203.0.113.1', 'team.example.com', 'h');
            insert into converged.pas (name, team) values ('ada', 'alpha');
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, fence, worker, leased_at, woken_at, created_at)
            select 'pa@one', 'default', id, 'running', 0, now(), now(), 7, 1, now(), now(), now() from converged.pas;
            """)
        try await admin.query(
            "insert into converged.checklists (name, image_patterns) values ('test', \([image])::text[])")
        try await admin.query(steps)
        let (id, port, job) = try await admin.query(
            "select p.id, p.port, j.id from converged.pas p, converged.jobs j where j.key = p.id::text and j.kind = 'pa@one' and j.fence = 7"
        )[0].decode((UUID, Int, Int64).self)
        let keyRing = try KeyRing(credential: Array(DaemonHome.randomKeyring().utf8))
        try await admin.query(
            "update converged.pas set gateway_token = \(token.sealed(by: keyRing, for: id)) where id = \(id)")
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let docker = DockerClient(outbound, endpoint: endpoint)
        var spec = DockerContainerSpec(name: "pa-ada-\(UUID().uuidString.prefix(8))", image: image, command: command)
        spec.host.network = .none
        let container = try await docker.createContainer(spec).id
        try await docker.startContainer(container)
        let stage = ChecklistStage(
            database, admin, endpoint, container, image,
            Lease(job: job, fence: 7, kind: "pa@one", key: id.uuidString.lowercased(), wokenAt: .now, database: admin),
            ChecklistSubject(
                id: id, name: "ada", team: "alpha", droplet: "one", port: port, image: image),
            try await PretendedGateway.start(token: token.hex), outbound, keyRing)
        let result: Result<Value, any Error>
        do { result = .success(try await body(stage)) } catch { result = .failure(error) }
        _ = try? await docker.removeContainer(container, isForced: true)
        await stage.gateway.stop()
        await outbound.close()
        await admin.close()
        try await database.drop()
        return try result.get()
    }

    /// As a process that has just begun.
    func advance(_ adjust: (inout ChecklistSettings) -> Void = { _ in }) async throws -> ChecklistProgress {
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        var settings = ChecklistSettings()
        adjust(&settings)
        let port = gateway.port
        let droplet = ServedDroplet(
            name: "one", docker: DockerClient(outbound, endpoint: endpoint),
            gateway: { _ in GatewayClient(outbound, host: "127.0.0.1", port: port) }, domain: "team.example.com",
            address: "203.0.113.1")
        let runner = ChecklistRunner(
            droplet: droplet, database: admin, keyRing: keyRing, settings: settings)
        do {
            let progress = try await runner.advance(container, of: subject, lease: lease)
            await outbound.close()
            return progress
        } catch {
            await outbound.close()
            throw error
        }
    }

    /// Until it is done or has failed; pauses pass at once, on the database's clock.
    func finish(_ adjust: (inout ChecklistSettings) -> Void = { _ in }) async throws -> ChecklistProgress {
        for _ in 0..<200 {
            let progress = try await advance(adjust)
            guard case .working(_, let pause) = progress else { return progress }
            if pause > .zero { try await moveClock(of: admin, by: pause) }
        }
        throw Stuck()
    }

    func expectDone() async throws {
        let progress = try await finish()
        #expect(progress == .done)
    }

    struct Stuck: Error {}

    /// One column of a step's run.
    func run(_ step: String, _ columns: String) async throws -> String? {
        try await admin.query(
            "select concat_ws(' ', \(raw: columns)) from converged.checklist_runs where step = \(step)"
        )
        .column(0, as: String.self).first
    }
}

/// Answers as a gateway does: `/healthz` freely, the rest to its token.
final class PretendedGateway: Sendable {
    private let server: LoopbackServer
    var port: Int { server.port }

    private final class Box: Sendable {
        let health = Mutex(200)
    }
    private let box: Box

    private init(_ server: LoopbackServer, _ box: Box) {
        self.server = server
        self.box = box
    }

    static func start(token: String) async throws -> PretendedGateway {
        let box = Box()
        let server = try await LoopbackServer { exchange in
            if exchange.path == "/healthz" {
                return .reply(status: box.health.withLock { $0 }, headers: [], body: "{}")
            }
            let isKnown = exchange.header("Authorization") == "Bearer \(token)"
            return .reply(status: isKnown ? 404 : 401, headers: [], body: "{}")
        }
        return PretendedGateway(server, box)
    }

    func answer(_ status: Int) { box.health.withLock { $0 = status } }
    func stop() async { await server.stop() }
}
