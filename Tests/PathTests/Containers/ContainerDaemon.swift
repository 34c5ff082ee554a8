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

/// One life of a daemon that serves a droplet: a worker, its own pool and its own HTTP client.
struct ContainerDaemon: Sendable {
    private let work: Task<Void, Never>
    private let database: Database
    private let outbound: Outbound
    private let name: String
    private let admin: Database
    private let pass: @Sendable (Duration) async throws -> Void

    /// With the kind `pa@fleet-alpha`.
    static func start(_ lane: ContainerLane, through wire: PostgresWire? = nil) -> ContainerDaemon {
        start(on: lane.database, admin: lane.admin, through: wire, pass: lane.pass) { database, outbound in
            let droplet = lane.droplet(outbound)
            return [
                PAs.jobKind(
                    on: droplet, database: database, keyRing: lane.keyRing,
                    checklist: { container, _, _ in try await install(in: container, droplet.docker) })
            ]
        }
    }

    /// - Parameters:
    ///   - wire: stands between the daemon and Postgres; nil: direct.
    ///   - pass: lets time pass for the database and the droplet.
    static func start(
        on test: TestDatabase, admin: Database, through wire: PostgresWire?,
        pass: @escaping @Sendable (Duration) async throws -> Void, kinds: (Database, Outbound) -> [JobKind]
    ) -> ContainerDaemon {
        var logger = Logger(label: "daemon")
        logger.logLevel = .critical
        let url = wire?.url(database: test.name, user: "converged_daemon")
        var pool = DatabaseSettings(url: url ?? test.url(role: "converged_daemon"))
        pool.maxConnections = 3
        let name = "life-\(UUID().uuidString.prefix(8))"
        pool.applicationName = name
        let database = Database(pool, logger: logger)
        let outbound = Outbound(OutboundSettings(), logger: logger)
        var settings = WorkerSettings(name: "path-test", version: "1")
        settings.grace = .zero
        settings.cancelGrace = .milliseconds(20)
        let worker = Worker(
            database: database, kinds: kinds(database, outbound), settings: settings, logger: logger)
        let work = Task<Void, Never> {
            do { try await worker.run() } catch {
                // A daemon that was cut off before it could register may say so; others have no reason.
                if wire == nil, !Task.isCancelled { Issue.record(error, "the daemon ended") }
            }
        }
        return ContainerDaemon(work: work, database: database, outbound: outbound, name: name, admin: admin, pass: pass)
    }

    /// What a container owes: check, act, check.
    private static func install(in container: String, _ docker: DockerClient) async throws -> Workload.Checklist {
        func run(_ command: [String]) async throws -> Int {
            try await docker.run(DockerExecSpec(command), in: container, timeout: .seconds(5)).exitCode
        }
        if try await run(["which", "chromium"]) == 0 { return .done }
        _ = try await run(["install", "chromium"])
        return .working(step: "chromium", againSeconds: 0.01)
    }

    /// Nothing of it is left when this returns, and what it could not hand back is free.
    func end() async throws {
        work.cancel()
        await outbound.close()
        await work.value
        await database.close(grace: .zero)
        // A statement that the server has already read is carried out: a heartbeat after the next skip of time would make
        // this daemon look alive for ten seconds that no test skips.
        try await eventually("the server has noticed the end of \(name)", within: .seconds(30)) {
            try await admin.query(
                "select not exists (select from pg_stat_activity where application_name = \(name))"
            ).scalar()
        }
        let isRemembered: Bool = try await admin.query("select exists (select from converged.workers)").scalar()
        if isRemembered { try await pass(.seconds(31)) }
    }
}
