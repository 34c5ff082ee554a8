import Logging
import Postgres
import Reconcilers
import Schema
import Systemd

/// From nothing to ready: the database answers, and its schema is this binary's.
struct Start {
    /// A database that restarts with us gets this long before we give up and let systemd try again.
    var patience = Duration.seconds(120)
    var pause = Duration.seconds(2)

    private let database: Database
    /// Whether the fleet at Fly is this daemon's to survey.
    private let hasFly: Bool
    private let notifier: ServiceNotifier
    private let logger: Logger

    init(_ database: Database, hasFly: Bool = true, notifier: ServiceNotifier, logger: Logger) {
        self.database = database
        self.hasFly = hasFly
        self.notifier = notifier
        self.logger = logger
    }

    /// - Throws: `PostgresError` of kind `connection` when the patience is over, of kind `server` for another schema.
    func run() async throws {
        let end = ContinuousClock.now + patience
        // Said before the first try: a pool waits for as long as its callers may, and whoever looks wants to know at once.
        notifier.status("waiting for the database")
        while true {
            do {
                try await Migrator(database, files: Schema.files).check()
                // The survey comes back by itself once it has run; each start makes sure that it does.
                if hasFly {
                    try await database.query("select converged.wake(\(FlySurvey.kindName), \(FlySurvey.key), false)")
                }
                return
            } catch let error as PostgresError where error.kind == .connection && ContinuousClock.now < end {
                notifier.extendTimeout(.seconds(30))
                logger.warning(
                    "the database cannot be reached, trying again: \(error)",
                    metadata: ["message-id": "\(MessageID.databaseUnreachable.name)"])
                try await Task.sleep(for: pause)
            }
        }
    }
}
