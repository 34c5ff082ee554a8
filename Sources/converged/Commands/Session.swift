import ArgumentParser
import FoundationEssentials
import Logging
import Operator
import Postgres

/// What a verb needs: settings, and a small pool of its own.
struct Session {
    let settings: Settings
    let secrets: Secrets

    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    init(environment: [String: String] = Self.environment) throws {
        settings = try Settings.read(environment: environment)
        secrets = Secrets(settings, environment: environment)
    }

    /// Two connections: a verb asks one thing after the other. It says nothing but its answer, so nothing is logged.
    func openDatabase() throws -> Database {
        var options = DatabaseSettings(url: try secrets.readDatabaseURL(settings))
        options.applicationName = "converged operator"
        options.maxConnections = 2
        options.prepared = settings.database.pooler == .none
        return Database(options, logger: Logger(label: "converged") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs a verb and ends with its exit code.
    static func run(_ output: OutputOptions, _ verb: (Verbs) async throws -> Exit) async throws {
        try await run(output.console, verb)
    }

    static func run(_ console: Console, _ verb: (Verbs) async throws -> Exit) async throws {
        let database = try Session().openDatabase()
        let result: Result<Exit, any Error>
        do {
            result = .success(try await verb(Verbs(database: database, console: console)))
        } catch {
            result = .failure(error)
        }
        await database.close()
        try finish(try result.get())
    }

    static func finish(_ exit: Exit) throws {
        if exit != .ok { throw ExitCode(exit.rawValue) }
    }
}
