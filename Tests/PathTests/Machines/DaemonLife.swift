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

    /// - Parameter wire: stands between the daemon and Postgres; nil: direct.
    static func start(_ lane: FlyLane, through wire: PostgresWire? = nil) -> DaemonLife {
        var logger = Logger(label: "daemon")
        logger.logLevel = .critical
        let url = wire?.url(database: lane.database.name, user: "converged_daemon")
        var pool = DatabaseSettings(url: url ?? lane.database.url(role: "converged_daemon"))
        pool.maxConnections = 3
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
        return DaemonLife(work: work, database: database, outbound: outbound)
    }

    /// Nothing of it is left when this returns. After a cut it cannot say goodbye to anybody.
    func end() async {
        work.cancel()
        await outbound.close()
        await work.value
        await database.close(grace: .zero)
    }
}
