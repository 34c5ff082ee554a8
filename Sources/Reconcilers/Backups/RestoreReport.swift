import Postgres
import Queue

/// What the end of a run tells of a restore: its row, the condition `Restored`, and that others may touch the container
/// again. Pure.
struct RestoreReport: Sendable {
    let wish: RestoreWish
    let rows: BackupRows

    init(_ wish: RestoreWish, _ rows: BackupRows) {
        self.wish = wish
        self.rows = rows
    }

    func done() -> Verdict {
        Verdict(
            .again(after: .zero),
            writes: close("done", nil)
                + condition("True", .restored, "restore \(wish.id) of back-up \(wish.backup)"),
            log: ["restored": "\(wish.backup)"])
    }

    /// - Parameter backup: the one that was to save what is there now.
    func failed(_ why: String, backup: Int64? = nil) -> Verdict {
        var writes = close("failed", String(why.prefix(1000))) + condition("False", .restoreFailed, why)
        if let backup {
            writes.append(
                """
                update converged.backups set state = 'failed', error = \(String(why.prefix(1000))), finished_at = converged.now()
                where id = \(backup)
                """)
        }
        return Verdict(.again(after: .zero), writes: writes, log: ["restore": "failed"])
    }

    func retry(_ why: String) -> Verdict {
        Verdict(
            .retry(because: why),
            writes: [
                "update converged.restores set error = \(String(why.prefix(1000))) where id = \(wish.id)"
            ] + condition("False", .restoreFailed, "step \(wish.step) is tried again: \(why)"))
    }

    private func close(_ state: String, _ error: String?) -> [SQL] {
        [
            """
            update converged.restores set state = \(state), error = \(error), finished_at = converged.now()
            where id = \(wish.id)
            """,
            "select converged.release_restore(\(wish.id))",
        ]
    }

    private func condition(_ status: String, _ reason: Reason, _ message: String) -> [SQL] {
        guard let object = rows.object, !object.isDeleted else { return [] }
        return StatedCondition(
            kind: rows.kind, key: rows.id, type: "Restored", status: status, reason: reason,
            message: String(message.prefix(1000)), generation: object.generation
        ).writes
    }
}
