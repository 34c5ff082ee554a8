import Logging
import Postgres
import Reconcilers
import Schema
import Systemd

/// From nothing to ready: the database answers, and its schema is this binary's.
struct Start {
    private let parts: Parts
    private let notifier: ServiceNotifier
    private let logger: Logger

    /// A database that restarts with us gets this long before we give up and let systemd try again.
    private static let patience = Duration.seconds(120)
    private static let pause = Duration.seconds(2)

    init(_ parts: Parts, notifier: ServiceNotifier, logger: Logger) {
        self.parts = parts
        self.notifier = notifier
        self.logger = logger
    }

    func run() async throws {
        let end = ContinuousClock.now + Self.patience
        while true {
            do {
                try await Migrator(parts.database, files: Schema.files).check()
                // The survey comes back by itself once it has run; each start makes sure that it does.
                try await parts.database.query("select converged.wake(\(FlySurvey.kindName), \(FlySurvey.key), false)")
                return
            } catch let error as PostgresError where error.kind == .connection && ContinuousClock.now < end {
                notifier.status("waiting for the database")
                notifier.extendTimeout(.seconds(30))
                logger.warning(
                    "the database cannot be reached, trying again: \(error)",
                    metadata: ["message-id": "\(MessageID.databaseUnreachable.name)"])
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
