import FoundationEssentials

/// What is remembered of one step in one container. Pure.
struct ChecklistRun: Sendable, Equatable {
    enum State: String, Sendable {
        case running, done, failed
    }

    var inputHash: String
    var state = State.running
    var attempts = 0
    /// Of a command that is under way, as far as anybody knows.
    var execID: String?
    var exitCode: Int?
    var outputTail = ""
    var fault = ""
    var startedAt: Date
    var attemptAt: Date?
    var nextAt: Date?
    var checkedAt: Date?
    var finishedAt: Date?

    /// What an attempt left to be told.
    struct Trace: Sendable, Equatable {
        var exitCode: Int?
        var tail = ""
    }

    /// The row to go on with: the one that is there, or a fresh one when that is of another input.
    static func current(_ known: ChecklistRun?, for step: ChecklistStep, now: Date) -> ChecklistRun {
        if let known, known.inputHash == step.inputHash { return known }
        return ChecklistRun(inputHash: step.inputHash, startedAt: now)
    }

    /// A check says that nothing is owed, or a command without a check ended well.
    mutating func meet(_ trace: Trace?, now: Date) {
        state = .done
        execID = nil
        nextAt = nil
        fault = ""
        checkedAt = now
        finishedAt = now
        if let trace { tell(trace) }
    }

    /// The first attempt of a new series, where the last one is through.
    mutating func begin(now: Date) {
        if state != .running {
            attempts = 0
            startedAt = now
        }
        state = .running
        attempts += 1
        attemptAt = now
        nextAt = nil
        finishedAt = nil
    }

    /// An attempt came to nothing.
    mutating func miss(_ why: String, _ trace: Trace?, of step: ChecklistStep, now: Date) {
        execID = nil
        if let trace { tell(trace) }
        fault = String(why.unicodeScalars.prefix(400).map(Character.init))
        if attempts > step.retries {
            state = .failed
            nextAt = nil
            finishedAt = now
        } else {
            state = .running
            nextAt = now + Double(step.retryAfterSeconds)
        }
    }

    /// A command that will not end. Docker cannot end it, and a second one beside it must not be; its end is taken note
    /// of whenever it comes.
    mutating func giveUp(_ why: String, now: Date) {
        guard state != .failed else { return }
        state = .failed
        fault = why
        finishedAt = now
    }

    private mutating func tell(_ trace: Trace) {
        exitCode = trace.exitCode
        outputTail = trace.tail
    }
}
