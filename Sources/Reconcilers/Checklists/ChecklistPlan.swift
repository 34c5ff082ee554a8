import FoundationEssentials

/// What to do next for a container, from its steps and what is remembered of them. Pure.
enum ChecklistTurn: Sendable, Equatable {
    /// Nothing is owed.
    case done
    /// The next attempt is not due.
    case wait(ChecklistStep, seconds: Double)
    case failed(ChecklistStep, why: String)
    /// A command was made, and perhaps started: see how it is with it.
    case look(ChecklistStep, exec: String)
    /// Check, and act where that is needed.
    case begin(ChecklistStep)

    static func next(
        _ steps: [ChecklistStep], _ runs: [String: ChecklistRun], now: Date, _ settings: ChecklistSettings
    ) -> ChecklistTurn {
        for step in steps {
            guard let run = runs[step.name] else { return .begin(step) }
            // Even of another input: two commands of one step must not run at once.
            if let exec = run.execID { return .look(step, exec: exec) }
            guard run.inputHash == step.inputHash else { return .begin(step) }
            switch run.state {
            case .done:
                guard step.canBeRechecked else { continue }
                let due = run.checkedAt.map { $0 + settings.recheckSeconds <= now } ?? true
                if due { return .begin(step) }
            case .failed:
                let isOver = run.finishedAt.map { $0 + settings.failedPauseSeconds <= now } ?? true
                return isOver ? .begin(step) : .failed(step, why: run.fault)
            case .running:
                if let next = run.nextAt, next > now {
                    return .wait(step, seconds: next.timeIntervalSince(now))
                }
                return .begin(step)
            }
        }
        return .done
    }
}
