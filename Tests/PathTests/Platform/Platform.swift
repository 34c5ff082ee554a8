import Foundation
import Postgres
import Simulators
import Support
import Testing

/// The whole product for one test: a database, the vendor, credentials, and as many daemons as the test starts, each
/// the built program in a process of its own. All of it is gone when the test ends, however it ends.
final class Platform: Sendable {
    struct Options {
        var fly = FlySimulator.Options()
        /// Added to the settings of every daemon and verb.
        var settings: [String: String] = [:]
        /// Its own server, for a test that restarts or crashes it: one that keeps what it has committed.
        var hasOwnCluster = false
        var isMigrated = true
        /// The canary of secrets needs to know the key ring's bytes.
        var keyring = DaemonHome.randomKeyring()

        init() {}
    }

    let database: TestDatabase
    let fly: FlySimulator
    let home: DaemonHome
    /// As superuser: what a test reads.
    let admin: Database
    /// As the web app: what it writes.
    let web: Database
    private let settings: [String: String]
    private let hasOwnCluster: Bool
    private let daemons = Daemons()

    /// Builds a platform, runs the test on it, and takes everything down. Says what it knows when the test failed.
    static func run(
        _ options: Options = Options(), _ name: String = #function, _ body: (Platform) async throws -> Void
    ) async throws {
        await Slots.shared.enter()
        let platform: Platform
        do {
            platform = try await Platform(options)
        } catch {
            await Slots.shared.leave()
            throw error
        }
        do {
            try await body(platform)
        } catch {
            await platform.diagnose(name)
            await platform.end()
            throw error
        }
        await platform.end()
    }

    private init(_ options: Options) async throws {
        let cluster = options.hasOwnCluster ? try await TestCluster.make(durable: true) : nil
        database = try await TestDatabase.make(migrated: options.isMigrated, on: cluster)
        fly = try await FlySimulator.start(options.fly)
        home = try DaemonHome("converged-path", flyToken: fly.token, keyring: options.keyring)
        admin = database.open { $0.maxConnections = 2 }
        web = database.open(role: "converged_web") { $0.maxConnections = 2 }
        settings = options.settings
        hasOwnCluster = options.hasOwnCluster
    }

    private func end() async {
        for daemon in await daemons.all { daemon.kill(SIGKILL) }
        for daemon in await daemons.all { await daemon.wait() }
        await fly.stop()
        await admin.close()
        await web.close()
        if hasOwnCluster { await database.cluster.halt(.immediate) } else { try? await database.drop() }
        home.remove()
        await Slots.shared.leave()
    }

    // MARK: The daemon and its verbs

    /// What a daemon is started with: quick surveys and no checkups, so that what happens is what the test asked for.
    func environment(role: String = "converged_daemon") -> [String: String] {
        let quick = [
            "CONVERGED_FLY_SURVEY_SECONDS": "1", "CONVERGED_FLY_CHECKUPS_PER_SURVEY": "0",
            "CONVERGED_FLY_CALLS_PER_SECOND": "1000", "CONVERGED_LOG_LEVEL": "info",
        ]
        return home.environment(
            database: database.url(role: role), fly: fly.url, org: fly.org, quick.merging(settings) { $1 })
    }

    /// Starts a daemon; returns when it is registered as a worker, unless `awaits` is false. A nil setting is not set.
    @discardableResult
    func startDaemon(_ settings: [String: String?] = [:], awaits: Bool = true) async throws -> ChildProcess {
        let known = awaits ? try await workers() : []
        let number = await daemons.all.count + 1
        var variables = environment()
        for (name, value) in settings { variables[name] = value }
        let daemon = try await home.start(variables, name: "daemon-\(number)")
        await daemons.add(daemon)
        if awaits {
            try await eventually("daemon \(number) is a worker", within: .seconds(30)) {
                guard daemon.isRunning else {
                    throw Ended(description: "daemon \(number) ended: \(daemon.log)")
                }
                return try await !workers().subtracting(known).isEmpty
            }
        }
        return daemon
    }

    func workers() async throws -> Set<Int64> {
        Set(try await admin.query("select id from converged.workers").column(0, as: Int64.self))
    }

    struct Ended: Error, CustomStringConvertible { let description: String }

    struct Said: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs a verb to its end, as an operator does, in exactly this environment.
    func converged(
        _ arguments: [String], role: String = "converged_operator", _ settings: [String: String?] = [:]
    ) async throws -> Said {
        var variables = environment(role: role)
        for (name, value) in settings { variables[name] = value }
        let child = try await ChildProcess.start(
            [Command.built("converged")] + arguments, environment: variables, directory: home.folder,
            name: "verb-\(UUID().uuidString.prefix(8))")
        let status = await child.wait()
        return Said(
            status: status, output: try String(contentsOfFile: child.standardOutput, encoding: .utf8),
            errors: try String(contentsOfFile: child.standardError, encoding: .utf8))
    }

    /// What all daemons have said.
    func logs() async -> String { await daemons.all.map(\.log).joined() }

    private func diagnose(_ name: String) async {
        print("=== \(name) failed; the daemons' last words:")
        for daemon in await daemons.all {
            print("--- running: \(daemon.isRunning)")
            for line in daemon.log.split(separator: "\n").suffix(40) { print(line) }
        }
        print("--- calls:")
        for call in fly.ledger.suffix(60) { print(call) }
        for table in ["conditions", "jobs", "wakes", "traces", "job_errors"] {
            let rows = try? await admin.query("select to_jsonb(t)::text from converged.\(raw: table) t limit 40")
            print("--- \(table):")
            for row in rows.map(Array.init) ?? [] { print((try? row.decode(0, as: String.self)) ?? "?") }
        }
    }
}

private actor Daemons {
    private(set) var all: [ChildProcess] = []
    func add(_ daemon: ChildProcess) { all.append(daemon) }
}
