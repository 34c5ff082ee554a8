import Postgres
import Support

@testable import Queue

/// The moves of a walk, drawn by its seed.
extension Walk {
    mutating func step() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<22: try await enqueue()
        case 22..<32: try await wake()
        case 32..<54: try await claim()
        case 54..<74: try await finish()
        case 74..<80: try await heartbeat()
        case 80..<84: try await rescue()
        case 84..<88: try await cancel()
        case 88..<91: try await retry()
        case 91..<92: try await redrive()
        case 92..<96: try await pauseOrResume()
        case 96..<98: try await replaceWorker(at: .random(in: 0..<workers.count, using: &random))
        default: try await renew()
        }
    }

    private mutating func chance(_ part: Int) -> Bool { Int.random(in: 0..<part, using: &random) == 0 }

    private mutating func key() -> String { ["a", "b", "c", "d"].randomElement(using: &random) ?? "a" }

    /// Any job there ever was, or one that never was.
    private mutating func anyJob() -> Int64 {
        let living = (Array(model.jobs.keys) + Array(model.dead.keys)).sorted()
        if chance(8) { return model.outcomes.keys.sorted().randomElement(using: &random) ?? 1 }
        return living.randomElement(using: &random) ?? 1
    }

    // MARK: Web app and operator

    private mutating func enqueue() async throws {
        var request = LifeCycle.Request()
        if !chance(3) {
            request.key = key()
            request.mode = LifeCycle.Mode.allCases.randomElement(using: &random) ?? .keep
        }
        if model.jobs.count > 25, request.key == nil { return }
        if chance(2) { request.priority = .random(in: 0...8, using: &random) }
        if chance(3) { request.runAt = model.now + .random(in: -5_000..<20_000, using: &random) }
        if chance(3) { request.mostAttempts = .random(in: 1...4, using: &random) }
        if chance(2) { request.args = .random(in: 0..<100, using: &random) }
        if chance(6) { request.needs = [anyJob(), anyJob()] }
        let args = request.args.map { #"{"n": \#($0)}"# }
        let sql: SQL = """
            select converged.enqueue('k', args => \(args)::jsonb, key => \(request.key), mode => \(request.mode.rawValue),
                priority => \(request.priority)::integer, run_at => moment(\(request.runAt)::bigint),
                max_attempts => \(request.mostAttempts)::integer, needs => \(request.needs.sorted())::bigint[])
            """
        let asked = request
        try await move("enqueue \(asked)", [sql]) { model, answer in
            let present = try model.enqueue(asked)
            let id: Int64? = try answer.rows.first?.scalar()
            return present == nil || present == id ? nil : "enqueue gave \(id ?? 0), not \(present ?? 0)"
        }
    }

    private mutating func wake() async throws {
        let (key, isUrgent) = (key(), chance(2))
        try await move("wake \(key) \(isUrgent)", ["select converged.wake('k', \(key), \(isUrgent))"]) { model, _ in
            model.wake(key, isUrgent: isUrgent)
            return nil
        }
    }

    private mutating func cancel() async throws {
        let job = anyJob()
        try await move("cancel \(job)", ["select converged.cancel(\(job))"]) { model, _ in
            try model.cancel(job)
            return nil
        }
    }

    private mutating func retry() async throws {
        let job = anyJob()
        try await move("retry \(job)", ["select converged.retry(\(job))"]) { model, _ in
            try model.retry(job)
            return nil
        }
    }

    private mutating func redrive() async throws {
        let statements: [SQL] = ["select converged.redrive(kind => 'k')", "select id from converged.jobs"]
        try await move("redrive", statements) { model, answer in
            model.redrive(Set(try answer.rows[1].column(0, as: Int64.self)))
            return nil
        }
    }

    private mutating func pauseOrResume() async throws {
        let key: String? = chance(4) ? nil : chance(3) ? "" : key()
        // Mostly open, or nothing would ever run.
        if model.pauses.isEmpty ? chance(2) : chance(5) {
            let sql: SQL =
                if let key { "select converged.pause('k', \(key))" } else { "select converged.pause_queue('default')" }
            try await move("pause \(key ?? "queue")", [sql]) { model, _ in
                model.pauses.insert(key)
                return nil
            }
            return
        }
        let resumed = chance(4) ? key : model.pauses.sorted { ($0 ?? "") < ($1 ?? "") }.first ?? key
        let sql: SQL =
            if let resumed { "select converged.resume('k', \(resumed))" } else {
                "select converged.resume_queue('default')"
            }
        try await move("resume \(resumed ?? "queue")", [sql]) { model, _ in
            try model.resume(resumed)
            return nil
        }
    }
}
