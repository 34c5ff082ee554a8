import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Simulators
import Support
import Vendors

/// One life of the daemon: a worker with the machine kind, its own pool and its own HTTP client.
struct CrashDaemon: Sendable {
    private let work: Task<Void, Never>
    private let database: Database
    private let outbound: Outbound

    /// - Parameter wire: stands between the daemon and Postgres; nil: direct.
    static func start(_ lane: CrashLane, through wire: PostgresWire? = nil) -> CrashDaemon {
        var logger = Logger(label: "daemon")
        logger.logLevel = .critical
        let url = wire?.url(database: lane.database.name, user: "converged_daemon")
        var pool = DatabaseSettings(url: url ?? lane.database.url(role: "converged_daemon"))
        pool.maxConnections = 3
        let database = Database(pool, logger: logger)
        let outbound = Outbound(CrashLane.client, logger: logger)
        let fly = FlyClient(
            outbound: outbound,
            settings: FlySettings(url: lane.fly.url, org: lane.fly.org, token: FlyToken(lane.fly.token)))
        var settings = WorkerSettings(name: "crash-test", version: "1")
        settings.grace = .zero
        settings.cancelGrace = .milliseconds(20)
        let kind = Machines.jobKind(fly: fly, database: database, keyRing: lane.keyRing)
        let worker = Worker(database: database, kinds: [kind], settings: settings, logger: logger)
        let work = Task<Void, Never> { try? await worker.run() }
        return CrashDaemon(work: work, database: database, outbound: outbound)
    }

    /// Nothing of it is left when this returns. After a cut it cannot say goodbye to anybody.
    func end() async {
        work.cancel()
        await outbound.close()
        await work.value
        await database.close(grace: .zero)
    }
}
