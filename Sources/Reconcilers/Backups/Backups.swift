import Logging
import Postgres
import Queue
import Vendors

/// Back-ups of what cannot be made again: data directories of PAs and databases of services, to a directory of the host
/// that the daemon runs on.
public enum Backups {
    /// Kind `backup@<droplet>`, keys `pa/<id>` and `service/<id>`: makes what is due or asked for, puts back what is
    /// wished, removes what is too old, and looks again when the next one is due.
    public static func jobKinds(
        on droplet: ServedDroplet, database: Database, settings: BackupSettings
    ) -> [JobKind] {
        let job = BackupJob(droplet: droplet.name, docker: droplet.docker, database: database, settings: settings)
        return [
            JobKind(
                name: droplet.kind("backup"), concurrency: 1, deadline: settings.deadline,
                backoff: Backoff(base: .seconds(30), cap: .seconds(1800))
            ) { try await job.run($0) }
        ]
    }
}

public struct BackupSettings: Sendable {
    /// Absolute path of a folder that exists; nil: no back-ups are made.
    public var directory: String?
    /// Older ones go, but never the newest good one of an object that exists.
    public var keepDays = 14
    /// From the start of one to the start of the next.
    public var intervalHours = 24
    /// Of one run: the largest data directory has to fit in.
    public var deadline = Duration.seconds(4 * 3600)

    public init(directory: String? = nil) { self.directory = directory }

    var interval: Duration { .seconds(intervalHours * 3600) }
}
