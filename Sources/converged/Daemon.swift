import Logging
import Postgres
import Schema

/// The daemon's wiring.
enum Daemon {
    /// Returns after a soft stop. Refuses a database whose schema isn't this binary's.
    static func run(_ settings: Settings, _ secrets: Secrets) async throws {
        let logger = Logger(label: "converged")
        let database = Database(DatabaseSettings(url: try secrets.readDatabaseURL(settings)), logger: logger)
        try await Migrator(database, files: Schema.files).check()
        try await Task.sleep(for: .seconds(1_000_000_000))
    }
}
