import Postgres
import Queue

/// What the end of a run tells: the condition `BackedUp` of the object, and its rows. Pure.
struct BackupReport: Sendable {
    let rows: BackupRows

    init(_ rows: BackupRows) { self.rows = rows }

    /// Looks again soon: the setting comes with a restart of the daemon, which wakes nobody.
    func off() -> Verdict {
        let why = "backups.directory is not set for the daemon that serves this droplet"
        let closed: [SQL] = [
            """
            update converged.backups set state = 'failed', error = \(why), finished_at = converged.now()
            where kind = \(rows.kind) and key = \(rows.key) and state in ('wanted', 'running')
            """,
            """
            update converged.restores set state = 'failed', error = \(why), finished_at = converged.now()
            where kind = \(rows.kind) and key = \(rows.key) and state = 'wanted'
            """,
        ]
        return Verdict(
            .settled(next: rows.object == nil ? nil : .seconds(3600)),
            writes: closed + condition("Unknown", .backupsOff, why))
    }

    func notYet(_ object: BackupObject) -> Verdict {
        Verdict(
            .settled(next: .seconds(300)),
            writes: condition("Unknown", .provisioning, "there is no container \(object.container) yet"))
    }

    func made(_ id: Int64, _ done: SQL) -> Verdict {
        Verdict(
            .again(after: .zero), writes: [done] + condition("True", .backedUp, "back-up \(id)"),
            log: ["backup": "\(id)"])
    }

    func failed(_ why: String, backup: Int64? = nil) -> Verdict {
        var writes = condition("False", .backupFailed, String(why.prefix(1000)))
        if let backup {
            writes.append(
                """
                update converged.backups set state = 'failed', error = \(String(why.prefix(1000))), finished_at = converged.now()
                where id = \(backup)
                """)
        }
        return Verdict(.retry(because: why), writes: writes)
    }

    /// After a look that found the newest where it should be.
    func rest(_ newest: BackupRecord?) -> [SQL] {
        guard let newest else { return [] }
        return condition("True", .backedUp, "back-up \(newest.id)")
    }

    private func condition(_ status: String, _ reason: Reason, _ message: String) -> [SQL] {
        guard let object = rows.object, !object.isDeleted else { return [] }
        return StatedCondition(
            kind: rows.kind, key: rows.id, type: "BackedUp", status: status, reason: reason, message: message,
            generation: object.generation
        ).writes
    }
}
