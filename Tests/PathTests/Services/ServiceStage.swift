import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Support
import Testing
import Vendors

/// A droplet's services, a daemon that does their work, and a Docker daemon, real or simulated.
struct ServiceStage: Sendable {
    let admin: Database
    let operators: Database
    let docker: DockerClient

    static func with(
        _ endpoint: DockerEndpoint, _ registries: DockerRegistries = .none, _ body: (ServiceStage) async throws -> Void
    ) async throws {
        let database = try await TestDatabase.make()
        let admin = database.open()
        try await admin.script(
            """
            insert into converged.teams (name) values ('alpha');
            insert into converged.droplets (name, address, domain, served_by) values ('one', '203.0.113.1', 'team.example.com', 'h');
            """)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let outbound = Outbound(logger: logger)
        let stage = ServiceStage(
            admin: admin, operators: database.open(role: "converged_operator"),
            docker: DockerClient(outbound, endpoint: endpoint, registries: registries))
        let daemon = database.open(role: "converged_daemon")
        let droplet = ServedDroplet(
            name: "one", docker: stage.docker, gateway: { GatewayClient(outbound, host: "127.0.0.1", port: $0) },
            domain: "team.example.com", address: "203.0.113.1")
        var settings = WorkerSettings(name: "path-test", version: "1")
        settings.grace = .zero
        let worker = Worker(
            database: daemon, kinds: [Services.jobKind(on: droplet, database: daemon)], settings: settings,
            logger: logger)
        let work = Task { try await worker.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(stage)) } catch { result = .failure(error) }
        work.cancel()
        _ = await work.result
        await outbound.close()
        for pool in [daemon, stage.operators, admin] { await pool.close() }
        try await database.drop()
        try result.get()
    }

    /// Lets time pass whenever nothing is due, until the query answers true.
    func wait(for what: String, _ isThere: SQL) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            if try await admin.query(isThere).scalar() { return }
            let (isIdle, wait) = try await admin.query(
                """
                select not exists (select from converged.wakes)
                    and not exists (select from converged.jobs where state = 'running'),
                    (select extract(epoch from min(run_at) - converged.now())::float8 from converged.jobs where state = 'ready')
                """)[0].decode((Bool, Double?).self)
            if isIdle, let wait, wait > 0.02, wait < 3590 {
                try await moveClock(of: admin, by: .seconds(wait))
                try await admin.query("select pg_notify('converged_jobs', '')")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        let shown: [String] = try await admin.query(
            "select concat_ws(' ', s.name, s.status, c.reason, c.message) from converged.services s left join converged.conditions c on c.key = s.id::text and c.type = 'Ready'"
        ).column(0)
        Issue.record("\(what): \(shown)")
        throw Stuck()
    }

    struct Stuck: Error {}

    /// As the survey does when it sees a difference.
    func wakeAll() async throws {
        try await operators.query("select converged.wake('service@one', id::text, true) from converged.services")
    }

    func settle(_ status: String = "running") async throws {
        try await wait(
            for: "all services are \(status)",
            """
            select bool_and(s.status = \(status) and s.observed_generation = s.generation and c.status = 'True')
            from converged.services s
                left join converged.conditions c on c.kind = 'service' and c.key = s.id::text and c.type = 'Ready'
            """)
    }
}
