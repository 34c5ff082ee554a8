import FoundationEssentials
import Queue
import Vendors

/// One step of one container: a switch over its kinds. Answers the row as it is afterwards.
struct StepWork: Sendable {
    let container: String
    let subject: ChecklistSubject
    /// Nil: it cannot be had.
    let token: GatewayToken?
    let docker: DockerClient
    let gateway: GatewayClient
    let lease: Lease
    let settings: ChecklistSettings
    let clock: StepClock

    /// Check, and act where that is needed.
    func begin(_ known: ChecklistRun?, _ step: ChecklistStep) async throws -> ChecklistRun {
        var run = ChecklistRun.current(known, for: step, now: clock.now)
        switch step.work {
        case .exec(let argv, let check, let user):
            if let check {
                if case .yes = try await isMet(check, user) {
                    run.meet(nil, now: clock.now)
                    return run
                }
            }
            return try await start(argv, user, run, step)
        case .file(let file): return try await write(file, run, step)
        case .http(let method, let path, let body, let withToken, let status):
            run.begin(now: clock.now)
            try await ask(method, path, body, withToken, wants: status, &run, step)
            return run
        }
    }

    /// Words for a column: redacted and short.
    func clean(_ words: String) -> String {
        Redaction.tail(Array(words.utf8), isCut: false, secrets: secrets, limit: 400)
    }

    var secrets: [String] { token.map { [$0.hex] } ?? [] }

    private func ask(
        _ method: String, _ path: String, _ body: String?, _ withToken: Bool, wants status: Int,
        _ run: inout ChecklistRun, _ step: ChecklistStep
    ) async throws {
        if withToken, token == nil {
            return run.miss("the gateway's token cannot be had", nil, of: step, now: clock.now)
        }
        let answer = try await gateway.ask(
            method, path, token: withToken ? token?.hex : nil, body: body.map { Array($0.utf8) },
            within: .seconds(min(step.timeoutSeconds, settings.checkSeconds)))
        switch answer {
        case .status(status): run.meet(.init(exitCode: status), now: clock.now)
        case .status(let other):
            let why = "\(method) \(path) at port \(subject.port) answers \(other), wanted is \(status)"
            run.miss(clean(why), .init(exitCode: other), of: step, now: clock.now)
        case .silence(let why):
            run.miss(clean("\(method) \(path): \(why)"), .init(), of: step, now: clock.now)
        }
    }
}

extension DockerError {
    /// The step itself cannot be done so: an attempt that came to nothing. Everything else is the daemon's or the
    /// container's trouble, and no step's fault.
    var isOfStep: Bool {
        switch kind {
        case .invalid, .forbidden, .noSuchPath, .failed, .diskFull, .cannotExecute, .needMissing, .timedOutWaiting: true
        default: false
        }
    }
}
