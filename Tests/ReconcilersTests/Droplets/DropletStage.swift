import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A simulated droplet `one`, a real database, and what serves it. The rows' containers are made by the test.
struct DropletStage: Sendable {
    static let image = "local/box:1"
    let simulator: DockerSimulator
    let test: TestDatabase
    /// As the daemon's role: what it may not do fails here.
    let database: Database
    let owner: Database
    let outbound: Outbound
    let droplet: ServedDroplet
    let gate: EngineGate
    let trouble: TroubleBook
    let survey: DropletSurvey

    static func with(_ body: (DropletStage) async throws -> Void) async throws {
        let simulator = try await DockerSimulator.start()
        simulator.publish(.init(image), isLocal: true)
        let test = try await TestDatabase.make()
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let stage = DropletStage(simulator, test, outbound)
        let result: Result<Void, any Error>
        do {
            try await stage.owner.query("insert into converged.teams (name) values ('alpha')")
            try await stage.addDroplet("one")
            try await body(stage)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await outbound.close()
        await simulator.stop()
        await stage.database.close()
        await stage.owner.close()
        try await test.drop()
        try result.get()
    }

    private init(_ simulator: DockerSimulator, _ test: TestDatabase, _ outbound: Outbound) {
        self.simulator = simulator
        self.test = test
        self.outbound = outbound
        database = test.open(role: "converged_daemon")
        owner = test.open()
        droplet = Self.serve("one", simulator.socket, outbound)
        gate = EngineGate(droplet, database: database)
        var settings = DropletSettings()
        settings.lookPause = .milliseconds(10)
        trouble = TroubleBook(settings)
        survey = DropletSurvey(
            droplet: droplet, gate: gate, trouble: trouble, database: database, settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static func serve(_ name: String, _ socket: String, _ outbound: Outbound) -> ServedDroplet {
        ServedDroplet(
            name: name, docker: DockerClient(outbound, endpoint: .unix(socket)),
            gateway: { GatewayClient(outbound, host: "127.0.0.1", port: $0) }, domain: "team.example.com",
            address: "203.0.113.1")
    }

    func addDroplet(_ name: String) async throws {
        try await owner.query(
            """
            insert into converged.droplets (name, address, domain, served_by, most_pas)
            values (\(name), '203.0.113.1', 'team.example.com', 'host-1', 100)
            """)
    }

    /// PAs whose containers run and are proven, and whose jobs are settled; their ids.
    @discardableResult func settle(_ count: Int) async throws -> [String] {
        var ids: [String] = []
        for number in 0..<count {
            let id: UUID = try await owner.query(
                """
                insert into converged.pas (name, team, droplet, image)
                values (\("bot-\(number)"), 'alpha', 'one', \(Self.image)) returning id
                """
            ).scalar()
            let key = id.uuidString.lowercased()
            ids.append(key)
            let container = try await make("pa-bot-\(number)", owner: "pa/\(key)")
            try await prove("pa", key, container)
        }
        try await owner.batch([
            """
            insert into converged.conditions (kind, key, type, status, reason, generation, since)
            select 'pa', id::text, 'Ready', 'True', 'Running', generation, converged.now() from converged.pas
            """,
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select 'pa@one', 'default', id::text, 'ready', 8, later, later, later, later, 0
            from converged.pas, (select converged.now() + interval '1 day' as later) l
            """,
        ])
        try await survey()
        try await forgetWakes()
        simulator.clearLedger()
        return ids
    }

    func prove(_ kind: String, _ key: String, _ container: String) async throws {
        try await owner.query(
            """
            insert into converged.containers (kind, key, droplet, epoch, container_id, spec_hash)
            values (\(kind), \(key), 'one', 1, \(container), 'abc')
            """)
    }

    @discardableResult func make(
        _ name: String, owner: String, network: DockerNetworkMode = .host
    ) async throws -> String {
        var spec = DockerContainerSpec(name: name, image: Self.image)
        spec.labels = [Marks.owner: owner, Marks.droplet: "one", Marks.spec: "abc"]
        spec.host.network = network
        let id = try await droplet.docker.createContainer(spec).id
        try await droplet.docker.startContainer(id)
        return id
    }

    /// One survey, its lease and its writes as a worker does them.
    @discardableResult func survey(_ key: String = "one", attempt: Int = 0) async throws -> Verdict {
        try await run(survey.jobKind, key, attempt: attempt)
    }

    @discardableResult func run(_ kind: JobKind, _ key: String, attempt: Int = 0) async throws -> Verdict {
        let (job, fence) = try await owner.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select \(kind.name), 'default', \(key), 'running', 0, now, now, now, now, nextval('converged.fences')
            from converged.now() as now
            on conflict (kind, key) where key is not null do update set state = 'running', fence = excluded.fence
            returning id, fence
            """
        )[0].decode((Int64, Int64).self)
        let lease = Lease(
            job: job, fence: fence, kind: kind.name, key: key, attempt: attempt, wokenAt: Date(), database: database)
        let verdict = try await kind.run(lease)
        try await lease.write(verdict.writes)
        try await owner.query("delete from converged.jobs where id = \(job)")
        return verdict
    }

    func forgetWakes() async throws { try await owner.query("delete from converged.wakes") }

    /// `pa@one/…`
    func wakes() async throws -> Set<String> {
        Set(try await owner.query("select kind || '/' || key from converged.wakes").column(0, as: String.self))
    }

    /// `True/Surveyed`, or nil.
    func condition(_ type: String, of key: String = "one", kind: String = "droplet") async throws -> String? {
        try await owner.query(
            """
            select status || '/' || reason from converged.conditions
            where kind = \(kind) and key = \(key) and type = \(type)
            """
        ).column(0, as: String.self).first
    }

    func column(_ name: String, of droplet: String = "one") async throws -> String? {
        try await owner.query("select (\(raw: name))::text from converged.droplets where name = \(droplet)").scalar()
    }
}
