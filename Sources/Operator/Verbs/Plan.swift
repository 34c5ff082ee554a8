import Postgres

extension Verbs {
    /// What would be done, without doing it. With a KEY: asks a daemon for a fresh plan and waits for it; the last
    /// plan when no daemon answers. Without: every object that isn't where its row wants it.
    public func plan(_ text: String?, wait: Duration) async throws -> Exit {
        guard let text else { return try await show(.openPlans, .max) }
        let key = try await resolve(text)
        let before = try await readTrace(key)
        var isServed = false
        if let job = key.planJob { isServed = try await hasLiveWorker(for: job.kind) }
        var trace = before
        if isServed, let job = key.planJob {
            try await database.query("select converged.wake(\(job.kind), \(job.key), true)")
            trace =
                try await poll(within: wait) {
                    let now = try await readTrace(key)
                    return now["at"] == before["at"] ? nil : now
                } ?? before
        }
        let isFresh = trace["at"] != before["at"]
        let note = Self.explainAge(isFresh: isFresh, isServed: isServed, key: key, wait: wait)
        var answer: JSON = trace.isNull ? .object([:]) : trace
        answer["kind"] = .text(key.kind)
        answer["key"] = .text(key.key)
        answer["fresh"] = .bool(isFresh)
        try console.answer(answer) {
            if let note { console.print(note) }
            console.print("\(key)")
            console.print(Self.summarize(trace: trace))
        }
        return isFresh || key.planJob == nil ? .ok : .attention
    }

    private static func explainAge(isFresh: Bool, isServed: Bool, key: Key, wait: Duration) -> String? {
        if isFresh { return nil }
        guard let job = key.planJob else {
            return "this is the last run of \(key); only machines, PAs and services can be planned afresh"
        }
        if isServed { return "no fresh plan came within \(wait.components.seconds) s; this is the last one" }
        let who = job.kind == "plan" ? "plans machines" : "runs kind \(job.kind)"
        return "no live daemon \(who); this is the last plan"
    }

    private func readTrace(_ key: Key) async throws -> JSON {
        try await ask(
            """
            select row_to_json(t)::text from (
                select at, desired, observed, plan, outcome from converged.traces
                where kind = \(key.trace.kind) and key = \(key.trace.key)) t
            """)
    }

    func hasLiveWorker(for kind: String) async throws -> Bool {
        try await database.query(
            """
            select exists (select from converged.workers
                where \(kind) = any (kinds) and seen_at > converged.now() - interval '10 seconds')
            """
        ).scalar()
    }

    /// Looks every 100 ms until there is an answer; nil when the time is over.
    func poll<Answer>(within time: Duration, _ look: () async throws -> Answer?) async throws -> Answer? {
        let clock = ContinuousClock()
        let end = clock.now.advanced(by: time)
        while true {
            if let answer = try await look() { return answer }
            if clock.now >= end { return nil }
            try await clock.sleep(for: .milliseconds(100))
        }
    }
}

extension Listing {
    /// Objects whose status is behind their row, or that aren't ready.
    fileprivate static var openPlans: Listing {
        Listing(
            sql: """
                select o.kind, o.key, coalesce(o.name, o.short_id) as name, o.short_id, o.droplet, o.status, o.generation, o.observed_generation, ready.status as ready,
                    ready.reason, ready.message, t.at as planned_at, \(Verbs.seconds(since: "t.at")) as planned_seconds_ago,
                    t.outcome, t.plan -> 0 as next_action
                from converged.objects o
                    left join converged.conditions ready on ready.kind = o.kind and ready.key = o.key
                        and ready.type = \(Listing.readiness)
                    left join converged.traces t on t.kind = o.kind and t.key = o.key
                where o.generation <> o.observed_generation or ready.status is distinct from 'True'
                order by o.kind, o.key
                """,
            columns: [
                .init("kind"), .init("key"), .init("name"), .init("status"),
                .init("generation", "gen", .number),
                .init("observed_generation", "seen", .number), .init("planned_seconds_ago", "planned", .age),
                .init("reason"), .init("next_action", "next action"),
            ])
    }
}
