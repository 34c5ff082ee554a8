/// How a run ends when there is nothing to do now.
enum MachineEnding: Sendable, Equatable {
    /// Everything agrees.
    case settled(Reason)
    /// On the way, or somebody else must finish first: look again after so many seconds.
    case again(seconds: Double, Reason, String)
    /// It failed: again with back-off.
    case retry(Reason, String)
    /// A person must change something. `lookAgainSeconds` when that may happen outside the row.
    case blocked(Reason, String, lookAgainSeconds: Double?)
    /// The deletion is complete: the row goes.
    case released
}

/// What the planner says next: one action, or the end of the run.
enum MachineStep: Sendable, Equatable {
    case act(MachineAction)
    case end(MachineEnding)
}
