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

/// One life of the daemon: a worker with the machine kind, its own pool and its own HTTP client.
struct DaemonLife: Sendable {
    private let work: Task<Void, Never>
    private let database: Database
    private let outbound: Outbound
    private let name: String
    private let lane: FlyLane

    /// - Parameter wire: stands between the daemon and Postgres; nil: direct.
    static func start(_ lane: FlyLane, through wire: PostgresWire? = nil) -> DaemonLife {
        var logger = Logger(label: "daemon")
        logger.logLevel = .critical
        let url = wire?.url(database: lane.database.name, user: "converged_daemon")
        var pool = DatabaseSettings(url: url ?? lane.database.url(role: "converged_daemon"))
        pool.maxConnections = 3
        let name = "life-\(UUID().uuidString.prefix(8))"
        pool.applicationName = name
        let database = Database(pool, logger: logger)
        let outbound = Outbound(FlyLane.client, logger: logger)
        let fly = FlyClient(
            outbound: outbound,
            settings: FlySettings(url: lane.fly.url, org: lane.fly.org, token: FlyToken(lane.fly.token)))
        var settings = WorkerSettings(name: "path-test", version: "1")
        settings.grace = .zero
        settings.cancelGrace = .milliseconds(20)
        let kinds = [
            Machines.jobKind(fly: fly, database: database, keyRing: lane.keyRing, settings: lane.settings),
            Machines.planKind(fly: fly, database: database, keyRing: lane.keyRing),
        ]
        let worker = Worker(database: database, kinds: kinds, settings: settings, logger: logger)
        let work = Task<Void, Never> {
            do { try await worker.run() } catch {
                // A daemon that was cut off before it could register may say so; others have no reason.
                if wire == nil, !Task.isCancelled { Issue.record(error, "the daemon ended") }
            }
        }
        return DaemonLife(work: work, database: database, outbound: outbound, name: name, lane: lane)
    }

    /// Nothing of it is left when this returns, and what it could not hand back is free. After a cut it cannot say goodbye
    /// to anybody.
    func end() async throws {
        work.cancel()
        await outbound.close()
        await work.value
        await database.close(grace: .zero)
        // A statement that the server has already read is carried out: a heartbeat after the next skip of time would make
        // this daemon look alive for ten seconds that no test skips.
        try await eventually("the server has noticed the end of \(name)", within: .seconds(30)) {
            try await lane.admin.query(
                "select not exists (select from pg_stat_activity where application_name = \(name))"
            ).scalar()
        }
        // The leases that it still holds, here and at the vendor, run out.
        let isRemembered: Bool = try await lane.admin.query("select exists (select from converged.workers)").scalar()
        if isRemembered { try await lane.pass(.seconds(31)) }
    }
}
