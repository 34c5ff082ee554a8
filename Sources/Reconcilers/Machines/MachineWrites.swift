import FoundationEssentials
import Postgres

/// The statements of the transaction that ends a run.
extension MachineReport {
    /// - Parameter stored: the row as it is, so that only changes are written.
    func writes(_ view: MachineView, stored: MachineMemory) -> [SQL] {
        var after = memory
        if after != stored { after.statusAt = view.now }
        let told = Records.conditions(
            kind: "machine", key: view.desired.ownerMark, generation: view.desired.generation, conditions)
        return [after.update(view.desired.id, since: stored), told].compactMap { $0 }
    }

    /// The row and what was told of it go; an event stays.
    static func release(_ view: MachineView) -> [SQL] {
        let key = view.desired.ownerMark
        return Records.forget(kind: "machine", key: key) + [
            "delete from converged.machines where id = \(view.desired.id) and deleted_at is not null",
            Records.event(
                kind: "machine", key: key, reason: "Deleted", message: view.memory.app ?? "never provisioned"),
        ]
    }
}
