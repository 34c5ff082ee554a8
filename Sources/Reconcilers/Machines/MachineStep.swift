/// What the planner says next: one action, or the end of the run.
enum MachineStep: Sendable, Equatable {
    case act(MachineAction)
    case end(RunEnding)
}
