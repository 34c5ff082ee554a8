import FoundationEssentials
import Queue
import Vendors

/// Commands. Docker starts an exec only once, so its id, stored between create and start, is what keeps a command from
/// running twice: who finds the id in a row may start it without a thought.
extension StepWork {
    enum Answer: Sendable, Equatable {
        case yes
        case no(String)
    }

    /// A check reads only, so that one more of them does no harm.
    func isMet(_ check: [String], _ user: String) async throws -> Answer {
        do {
            let result = try await docker.run(
                DockerExecSpec(check, user: user), in: container, timeout: .seconds(settings.checkSeconds),
                maxBytes: 1024)
            return result.exitCode == 0 ? .yes : .no("its check ends with \(result.exitCode)")
        } catch let error as DockerError where error.isOfStep {
            return .no(clean("its check: \(error)"))
        }
    }

    func start(
        _ argv: [String], _ user: String, _ known: ChecklistRun, _ step: ChecklistStep
    ) async throws -> ChecklistRun {
        var run = known
        run.begin(now: clock.now)
        let exec: String
        do {
            exec = try await docker.createExec(in: container, DockerExecSpec(argv, user: user))
        } catch let error as DockerError where error.isOfStep {
            run.miss(clean("\(error)"), nil, of: step, now: clock.now)
            return run
        }
        run.execID = exec
        try await lease.write([run.write(step, in: container, of: subject)])
        return try await attach(exec, run, step)
    }

    /// A command that is in a row: it may run, have ended, never have been started, or be forgotten.
    func look(_ exec: String, _ known: ChecklistRun, _ step: ChecklistStep) async throws -> ChecklistRun {
        let found: DockerExec
        do {
            found = try await docker.inspectExec(exec)
        } catch let error as DockerError where error.kind == .notFound {
            return try await conclude(nil, nil, known, step)
        }
        if found.isRunning { return try await wait(for: exec, known, step) }
        if let code = found.exitCode { return try await conclude(code, nil, known, step) }
        return try await attach(exec, known, step)
    }

    /// Starts it and listens for a while.
    private func attach(_ exec: String, _ run: ChecklistRun, _ step: ChecklistStep) async throws -> ChecklistRun {
        var said: DockerOutput?
        do {
            said = try await docker.startExec(
                exec, timeout: .seconds(min(step.timeoutSeconds, settings.attachSeconds)), maxBytes: 16 << 10)
        } catch let error as DockerError where error.kind == .alreadyStarted {
            said = nil
        } catch let error as DockerError where error.isOfStep {
            said = DockerOutput(standardError: Array(error.message.utf8))
        }
        let tail = said.map(tail)
        // The stream may end a moment before the daemon has noted the code; it is not waited for long, because after a
        // start whose answer was cut off none ever comes from 20.10.
        let end = ContinuousClock.now + .seconds(5)
        while true {
            let found = try await docker.inspectExec(exec)
            if let code = found.exitCode { return try await conclude(code, tail, run, step) }
            if found.isRunning, said?.isComplete != true { return try await wait(for: exec, run, step, tail) }
            if ContinuousClock.now >= end {
                return found.isRunning
                    ? try await wait(for: exec, run, step, tail) : try await conclude(nil, tail, run, step)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func wait(
        for exec: String, _ known: ChecklistRun, _ step: ChecklistStep, _ tail: String? = nil
    ) async throws -> ChecklistRun {
        var run = known
        if let tail { run.outputTail = tail }
        let began = run.attemptAt ?? run.startedAt
        guard clock.now > began + Double(step.timeoutSeconds) else { return run }
        if case .exec(_, let check?, let user) = step.work, case .yes = try await isMet(check, user) {
            run.meet(nil, now: clock.now)
        } else {
            let advice = "Docker cannot end it, a recreation of the container does"
            run.giveUp("it has not ended within \(step.timeoutSeconds) s; \(advice)", now: clock.now)
        }
        return run
    }

    /// - Parameters:
    ///   - code: nil when nobody knows any more how it ended.
    ///   - tail: nil when nobody heard what it said at last.
    private func conclude(
        _ code: Int?, _ tail: String?, _ known: ChecklistRun, _ step: ChecklistStep
    ) async throws -> ChecklistRun {
        var run = known
        let trace = ChecklistRun.Trace(exitCode: code, tail: tail ?? Self.unheard(known.outputTail))
        // A changed row is owed anew, whatever the former command did.
        guard known.inputHash == step.inputHash, case .exec(_, let check, let user) = step.work else {
            return ChecklistRun(inputHash: step.inputHash, startedAt: clock.now)
        }
        let last = trace.tail.split(separator: "\n").last.map { ": \($0)" } ?? ""
        switch code {
        case 0? where check == nil: run.meet(trace, now: clock.now)
        case 0?, nil:
            let asked = try await check.asyncMap { try await isMet($0, user) }
            switch asked {
            case .yes?: run.meet(trace, now: clock.now)
            case .no(let why)?: run.miss("\(Self.ending(code)), but \(why)\(last)", trace, of: step, now: clock.now)
            case nil: run.miss(Self.ending(code), trace, of: step, now: clock.now)
            }
        case let code?: run.miss("it ended with \(code)\(last)", trace, of: step, now: clock.now)
        }
        return run
    }

    private static func ending(_ code: Int?) -> String {
        code.map { "it ended with \($0)" } ?? "how it ended is not known: the droplet's Docker forgot it"
    }

    private func tail(_ output: DockerOutput) -> String {
        let text = Redaction.tail(
            output.standardOutput + output.standardError, isCut: output.droppedBytes > 0, secrets: secrets, limit: 4000)
        return output.isComplete ? text : Self.unheard(text)
    }

    private static let notice = "[the rest of its output was not read]"

    private static func unheard(_ heard: String) -> String {
        heard.hasSuffix(notice) ? heard : heard + (heard.isEmpty || heard.hasSuffix("\n") ? "" : "\n") + notice
    }
}

extension Optional where Wrapped: Sendable {
    fileprivate func asyncMap<Other: Sendable>(_ body: (Wrapped) async throws -> Other) async rethrows -> Other? {
        if let self { try await body(self) } else { nil }
    }
}
