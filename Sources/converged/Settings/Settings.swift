import Logging

/// How the daemon runs: one value, read once at start. ``SettingTable`` says what each member is called outside.
///
/// The values here are the defaults. Secrets are not settings: they come from ``Secrets``.
struct Settings: Sendable {
    var database = Database()
    var fly = Fly()
    var docker = Docker()
    var worker = Worker()
    var backups = Backups()
    var log = Log()
    var metrics = Metrics()
    var credentials = Credentials()

    struct Database: Sendable {
        /// URI or conninfo, several hosts allowed. Nil until the credential `database-url` gives it.
        var url: String?
        var maxConnections = 8
        var pooler = Pooler.none
    }

    /// What stands between the daemon and Postgres.
    enum Pooler: String, CaseIterable, Sendable {
        case none
        /// Transaction pooling: no LISTEN (the poll alone finds work) and no named prepared statements.
        case transaction
    }

    struct Fly: Sendable {
        var url = "https://api.machines.dev/v1"
        var org: String?
        /// Of all calls together, over the published limits per action.
        var callsPerSecond = 50.0
        var surveySeconds = 60
        /// Machines that a survey looks at one by one, oldest first.
        var checkupsPerSurvey = 20
        var sweepOrphans = false
        var orphanGraceSeconds = 3600
    }

    struct Docker: Sendable {
        /// As written: names with commas between them. Nil: every droplet that is reached by TLS, if there is a certificate.
        var droplets: String?
        /// What `droplets.served_by` calls this host; nil: its own name.
        var hostName: String?
        var surveySeconds = 60

        var names: [String]? {
            droplets.map { text in
                text.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
            }
        }
    }

    struct Worker: Sendable {
        var concurrency = 64
        /// How long running work may go on after a stop was asked for.
        var graceSeconds = 10
    }

    struct Backups: Sendable {
        /// Nil: none are made.
        var directory: String?
        var keepDays = 14
        var intervalHours = 24
    }

    struct Log: Sendable {
        var level = Logger.Level.info
    }

    struct Metrics: Sendable {
        /// Written every 15 s; nil: not at all.
        var file: String?
    }

    struct Credentials: Sendable {
        /// Only without systemd, which passes its own directory.
        var directory: String?
    }
}
