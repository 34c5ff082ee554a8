import Postgres

extension Verbs {
    /// Wakes a key. `now` goes ahead of all resyncs and ends a back-off; `wait` stays until the outcome is known:
    /// ``Exit/ok`` settled, ``Exit/blocked``, ``Exit/retrying``, or ``Exit/timeout``.
    public func reconcile(_ text: String, now: Bool, wait: Duration?) async throws -> Exit {
        let key = try await resolve(text)
        // The wake and its time come from one statement, so both carry the same moment of the database.
        let woken: String = try await database.query(
            "select converged.now()::text from converged.wake(\(key.job.kind), \(key.job.key), \(now))"
        ).scalar()
        guard let wait else {
            try console.answer(.object(["key": .text("\(key)"), "woken": .bool(true)])) {
                console.print("woke \(key); `converged why \(key)` tells what becomes of it")
            }
            return .ok
        }
        var ending = try await poll(within: wait) { Ending(try await lookAfter(key, woken)) }
        if ending == nil { ending = .timeout(Wait(try await lookAfter(key, woken)).sentence) }
        guard let ending else { return .timeout }
        try console.answer(
            .object(["key": .text("\(key)"), "outcome": .text(ending.outcome), "message": .text(ending.message)])
        ) { console.print("\(key): \(ending.outcome)\(ending.message.isEmpty ? "" : ": \(ending.message)")") }
        return ending.exit
    }

    /// What became of the wake. The history has no index by key, so it is asked last and only when the job rests.
    private func lookAfter(_ key: Key, _ woken: String) async throws -> JSON {
        var facts = try await ask(Self.progress(of: key, since: woken))
        if Ending.isAtRest(facts), facts["trace"]["outcome"].text?.hasPrefix("again") != true {
            facts["ended"] = try await ask(
                """
                select row_to_json(h)::text from (
                    select outcome, message from converged.job_history
                    where kind = \(key.job.kind) and key = \(key.job.key) and finished_at >= \(woken)::timestamptz
                    order by finished_at desc limit 1) h
                """)
        }
        return facts
    }

    private static func progress(of key: Key, since woken: String) -> SQL {
        """
        select json_build_object(
            'kind', \(key.kind)::text, 'job_kind', \(key.job.kind)::text,
            'wakes', (select count(*) from converged.wakes where kind = \(key.job.kind) and key = \(key.job.key)),
            'pause', \(pause(of: key)),
            'live_workers', (select count(*) from converged.workers
                where \(key.job.kind) = any (kinds) and seen_at > converged.now() - interval '10 seconds'),
            'job', (select row_to_json(j) from (
                select state, attempt, run_at <= converged.now() as due, true as worker_live, w.name as worker_name,
                    ceil(extract(epoch from run_at - converged.now()))::bigint as seconds_until
                from converged.jobs left join converged.workers w on w.id = worker
                where kind = \(key.job.kind) and key = \(key.job.key)) j),
            'trace', (select row_to_json(t) from (
                select outcome from converged.traces
                where kind = \(key.trace.kind) and key = \(key.trace.key) and at >= \(woken)::timestamptz) t),
            'conditions', (select coalesce(json_agg(row_to_json(c)), '[]') from (
                select type, status, reason, message from converged.conditions
                where kind = \(key.kind) and key = \(key.key) and status <> 'True' order by type) c),
            'errors', (select coalesce(json_agg(row_to_json(e)), '[]') from (
                select message from converged.job_errors
                where kind = \(key.job.kind) and key = \(key.job.key) and at >= \(woken)::timestamptz
                order by at desc limit 1) e)
        )::text
        """
    }
}

/// How a wake ended.
enum Ending: Equatable {
    case settled
    case blocked(String)
    case retrying(String)
    case timeout(String)

    /// Nil while it is not known: the wake waits, the job runs, is due, or looks again later.
    init?(_ facts: JSON) {
        let job = facts["job"]
        if !facts["pause"].isNull {
            self = .blocked("waits for \(Wait(facts).sentence)")
            return
        }
        guard Self.isAtRest(facts) else { return nil }
        if let attempt = job["attempt"].integer, attempt > 0, let error = facts["errors"].items.first {
            self = .retrying("\(error["message"].line); again in \(max(job["seconds_until"].integer ?? 0, 0)) s")
            return
        }
        // Blocked objects that may heal from outside are looked at again: only the trace calls them blocked.
        if let outcome = facts["trace"]["outcome"].text, outcome.hasPrefix("blocked") {
            let why = outcome.drop { $0 != ":" }.dropFirst(2)
            self = .blocked(why.isEmpty ? outcome : String(why))
            return
        }
        switch facts["ended"]["outcome"].text {
        case "settled": self = .settled
        case "blocked", "dead", "cancelled":
            let condition = facts["conditions"].items.first
            let why = condition.map { "\($0["reason"].line): \($0["message"].line)" }
            self = .blocked(facts["ended"]["message"].text ?? why ?? facts["ended"]["outcome"].line)
        default: return nil
        }
    }

    /// No wake waits, and the job is gone or not due.
    static func isAtRest(_ facts: JSON) -> Bool {
        let job = facts["job"]
        return facts["wakes"].integer == 0 && (job.isNull || (job["state"].text == "ready" && !job["due"].bool))
    }

    var outcome: String {
        switch self {
        case .settled: "settled"
        case .blocked: "blocked"
        case .retrying: "retrying"
        case .timeout: "timeout"
        }
    }

    var message: String {
        switch self {
        case .settled: ""
        case .blocked(let text), .retrying(let text): text
        case .timeout(let text): "still waits for \(text)"
        }
    }

    var exit: Exit {
        switch self {
        case .settled: .ok
        case .blocked: .blocked
        case .retrying: .retrying
        case .timeout: .timeout
        }
    }
}
