import Foundation
import Logging
import Postgres
import Simulators
import Support

/// What the show needs: a private Postgres, the simulated vendor, credentials, and the real daemon as a process.
final class Stage {
    let cluster: TestCluster
    let simulator: FlySimulator
    let engine: Engine
    /// As `demo_web`, a log-in that is only a member of `converged_web`.
    let web: Database
    /// As superuser: for looking from outside.
    let owner: Database
    private let home: DaemonHome
    private let environment: [String: String]
    private var daemon: ChildProcess?
    private var starts = 0

    static let database = "demo"
    static let org = "demo-org"

    static func build() async throws -> Stage {
        say("a private Postgres on a unix socket, and a simulator of the Fly Machines API on loopback")
        let cluster = try await TestCluster.make()
        var options = FlySimulator.Options()
        options.org = org
        options.bootDelay = .milliseconds(800)
        options.checkDelay = .milliseconds(400)
        options.replaceDelay = .milliseconds(300)
        options.appReadyDelay = .milliseconds(100)
        options.listLag = .milliseconds(500)
        options.limits = .documented
        let simulator = try await FlySimulator.start(options)
        let home = try DaemonHome("converged-demo", flyToken: options.token)
        let ports = Engine.ports()
        let engine = try await Engine.start(ports)

        let maintenance = open(cluster.url())
        try await maintenance.script("create database \(database)")
        say("converged migrate up")
        try await migrate(cluster, home.folder)
        try await maintenance.script(
            """
            create role demo_web login in role converged_web;
            create role demo_daemon login in role converged_daemon;
            """)
        await maintenance.close()
        let environment = home.environment(
            database: cluster.url(database: database, user: "demo_daemon"), fly: simulator.url, org: org,
            [
                "CONVERGED_FLY_SURVEY_SECONDS": "2", "CONVERGED_DOCKER_SURVEY_SECONDS": "2",
                "CONVERGED_DROPLETS": Assistants.droplet, "CONVERGED_DOCKER_HOST_NAME": Assistants.host,
            ])
        let stage = Stage(cluster, simulator, engine, home, environment)
        try await Assistants(owner: stage.owner, web: stage.web).openDroplet(engine.socket, ports: ports)
        return stage
    }

    private init(
        _ cluster: TestCluster, _ simulator: FlySimulator, _ engine: Engine, _ home: DaemonHome,
        _ environment: [String: String]
    ) {
        self.cluster = cluster
        self.simulator = simulator
        self.engine = engine
        self.home = home
        self.environment = environment
        web = Self.open(cluster.url(database: Self.database, user: "demo_web"))
        owner = Self.open(cluster.url(database: Self.database))
    }

    func startDaemon() async throws {
        starts += 1
        daemon = try await home.start(environment, name: "daemon-\(starts)")
    }

    /// `kill -9`: no farewell, no hand-over.
    func killDaemon() async {
        daemon?.kill(SIGKILL)
        await daemon?.wait()
    }

    /// SIGTERM, as systemd would; the exit code.
    func stopDaemon() async -> Int32 {
        daemon?.kill(SIGTERM)
        return await daemon?.wait() ?? 0
    }

    /// What the daemon said last, when something went wrong.
    var lastWords: String { String(daemon?.log.suffix(2000) ?? "") }

    var isDaemonRunning: Bool { daemon?.isRunning ?? false }

    func clear() async {
        await web.close()
        await owner.close()
        await simulator.stop()
        await engine.stop()
        await cluster.halt()
        home.remove()
        TemporaryFolder.remove(cluster.folder)
    }

    private static func migrate(_ cluster: TestCluster, _ folder: String) async throws {
        let migration = try await ChildProcess.start(
            [Command.built("converged"), "migrate", "up"],
            environment: ["CONVERGED_DATABASE_URL": cluster.url(database: database)], directory: folder, name: "migrate"
        )
        guard await migration.wait() == 0 else {
            throw Mishap(description: "converged migrate up: \(migration.log)")
        }
    }

    private static func open(_ url: String) -> Database {
        var logger = Logger(label: "demo")
        logger.logLevel = .error
        return Database(DatabaseSettings(url: url), logger: logger)
    }
}

func say(_ text: String) {
    print("· \(text)")
    fflush(nil)
}

/// The show cannot go on.
struct Mishap: Error, CustomStringConvertible { let description: String }
