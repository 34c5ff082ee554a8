import Postgres
import Queue
import Vendors

/// Assistants on Fly machines: rows of `converged.machines`, keys `machine/<id>`.
public enum Machines {
    /// Makes one row and its machine agree; also deletes.
    ///
    /// - Parameter keyRing: nil when there is none: rows then wait with the condition KeyRingMissing.
    public static func jobKind(
        fly: FlyClient, database: Database, keyRing: KeyRing?, settings: MachineSettings = MachineSettings()
    ) -> JobKind {
        let reconciler = reconciler(fly, database, keyRing, settings)
        return JobKind(
            name: "machine", concurrency: settings.concurrency, deadline: .seconds(settings.deadlineSeconds),
            backoff: Backoff(base: .seconds(2), cap: .seconds(600))
        ) { try await reconciler.run($0) }
    }

    /// Key `plan/<machine id>`: looks and writes the trace, for `converged plan`; changes nothing outside.
    public static func planKind(
        fly: FlyClient, database: Database, keyRing: KeyRing?, settings: MachineSettings = MachineSettings()
    ) -> JobKind {
        let reconciler = reconciler(fly, database, keyRing, settings)
        return JobKind(name: "plan", concurrency: 4, deadline: .seconds(60), maxAttempts: 3) {
            try await reconciler.plan($0)
        }
    }

    private static func reconciler(
        _ fly: FlyClient, _ database: Database, _ keyRing: KeyRing?, _ settings: MachineSettings
    ) -> MachineReconciler {
        MachineReconciler(
            calls: MachineCalls(fly: fly, settings: settings), database: database, keyRing: keyRing,
            settings: settings)
    }
}
