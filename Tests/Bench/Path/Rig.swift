import Foundation
import Logging
import Postgres
import Simulators
import Support

/// A durable Postgres, a simulated vendor and real daemons, in the release build that this program is part of.
final class Rig: Sendable {
    let cluster: TestCluster
    let simulator: FlySimulator
    let owner: Database
    private let home: DaemonHome
    private let database: String

    static func build(_ options: FlySimulator.Options = .init(), cluster: TestCluster) async throws -> Rig {
        let home = try DaemonHome("converged-bench", flyToken: options.token)
        let made = try await TestDatabase.make(on: cluster)
        return Rig(cluster, try await FlySimulator.start(options), made, home)
    }

    private init(_ cluster: TestCluster, _ simulator: FlySimulator, _ made: TestDatabase, _ home: DaemonHome) {
        self.cluster = cluster
        self.simulator = simulator
        self.home = home
        database = made.name
        owner = made.open()
    }

    /// Started and READY; how long that took.
    func startDaemon(_ settings: [String: String] = [:], name: String = "daemon") async throws -> (
        BenchDaemon, Duration
    ) {
        let readiness = try ReadinessSocket(path: home.folder + "/\(name).notify")
        let environment = home.environment(
            database: cluster.url(database: database, user: "converged_daemon"), fly: simulator.url, org: simulator.org,
            [
                "NOTIFY_SOCKET": home.folder + "/\(name).notify", "CONVERGED_FLY_SURVEY_SECONDS": "86400",
                "CONVERGED_LOG_LEVEL": "warning",
            ].merging(settings) { $1 })
        let start = ContinuousClock.now
        let process = try await home.start(environment, name: name)
        try await eventually("the daemon is ready", within: .seconds(30)) {
            guard process.isRunning else { throw Mishap(description: "the daemon ended: \(process.log)") }
            return readiness.isReady()
        }
        return (BenchDaemon(process), ContinuousClock.now - start)
    }

    /// Per-user machines with their users, in one transaction.
    func insertMachines(_ count: Int) async throws {
        try await owner.query(
            """
            with people as (
                insert into converged.users (name) select 'bench-' || n from generate_series(1, \(count)) n returning id)
            insert into converged.machines (user_id, profile) select id, 'automna' from people
            """)
    }

    func countUnsettled() async throws -> Int {
        let rows = try await owner.query(
            """
            select count(*) from converged.machines m left join converged.conditions c
                on c.kind = 'machine' and c.key = m.id::text and c.type = 'Ready' and c.status = 'True'
            where m.status <> m.desired_state or c.generation is distinct from m.generation
            """)
        return try rows[0].decode(0, as: Int.self)
    }

    func close() async {
        await owner.close()
        await simulator.stop()
        home.remove()
    }
}
