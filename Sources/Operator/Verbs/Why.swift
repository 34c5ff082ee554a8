import Postgres

extension Verbs {
    /// Why is this object as it is? The four steps (row, job and lease, last run, conditions) with their last values,
    /// what happened lately, and one sentence about what it waits for.
    public func explain(_ text: String) async throws -> Exit {
        let key = try await resolve(text)
        var facts = try await ask(Self.facts(of: key))
        facts["waits_for"] = .text(Wait(facts).sentence)
        facts["runbooks"] = .array(Self.listRunbooks(facts))
        try console.answer(facts) { print(facts, key) }
        return .ok
    }

    /// Every reason has its page.
    private static func listRunbooks(_ facts: JSON) -> [JSON] {
        let reasons = facts["conditions"].items.filter { $0["status"].text != "True" }.compactMap { $0["reason"].text }
        return Set(reasons).sorted().map { .object(["reason": .text($0), "page": .text("runbooks/\($0).md")]) }
    }

    private func print(_ facts: JSON, _ key: Key) {
        console.print("\(key)")
        if !facts["object"].isNull { console.print(Self.describe(facts["object"])) }
        console.print("")
        console.print("job")
        console.print(Self.summarize(job: facts))
        console.print("")
        console.print("last run")
        console.print(Self.summarize(trace: facts["trace"]))
        section("checklist", facts["steps"], Table.Column.steps)
        section(
            "conditions", facts["conditions"],
            [
                .init("type"), .init("status"), .init("since_seconds", "since", .age),
                .init("generation", "gen", .number),
                .init("reason"), .init("message"),
            ])
        section(
            "errors", facts["errors"],
            [
                .init("at", nil, .time), .init("attempt", nil, .number), .init("message"),
            ])
        section(
            "events", facts["events"],
            [
                .init("at", nil, .time), .init("actor"), .init("reason"), .init("message"),
            ])
        console.print("")
        console.print("waits for: \(facts["waits_for"].line)")
        for page in facts["runbooks"].items { console.print("read:      \(page["page"].line)") }
    }

    private static func summarize(job facts: JSON) -> String {
        let job = facts["job"]
        guard !job.isNull else { return "  none\(facts["wakes"].integer ?? 0 > 0 ? ", a wake is on its way" : "")" }
        var line = "  \(job["id"].line) \(job["state"].line), attempt \((job["attempt"].integer ?? 0) + 1)"
        if job["state"].text == "running" {
            line += " for \(Table.Style.age(job["leased_seconds_ago"].integer ?? 0)) on \(job["worker_name"].line)"
            if job["dirty"].bool { line += ", to run once more" }
        } else {
            line += ", run at \(Table.Style.time(job["run_at"].line))"
        }
        guard let age = facts["ended"]["seconds_ago"].integer else { return line }
        return line + "\n  the last one ended \(facts["ended"]["outcome"].line) \(Table.Style.age(age)) ago"
    }

    static func summarize(trace: JSON) -> String {
        guard !trace.isNull else { return "  none yet" }
        let actions = trace["plan"].items.map { "    - \($0.line)" }
        return """
              \(Table.Style.time(trace["at"].line)): \(trace["outcome"].line)
              desired   \(trace["desired"].line)
              observed  \(trace["observed"].line)
              plan      \(actions.isEmpty ? "nothing to do" : "")
            """ + (actions.isEmpty ? "" : "\n" + actions.joined(separator: "\n"))
    }

    private static func facts(of key: Key) -> SQL {
        """
        select json_build_object(
            'kind', \(key.kind)::text, 'job_kind', \(key.job.kind)::text, 'key', \(key.key)::text, 'now', converged.now(),
            'object', (select row_to_json(o) from (\(Listing.object(key))) o),
            'steps', \(Listing.steps(of: key)),
            'job', (select row_to_json(j) from (
                select j.id, j.state, j.attempt, j.max_attempts, j.run_at, j.run_at <= converged.now() as due, j.dirty,
                    j.priority, j.worker, w.name as worker_name, w.seen_at > converged.now() - interval '10 seconds' as
                    worker_live, j.leased_at, \(Self.seconds(since: "j.leased_at")) as leased_seconds_ago,
                    -\(Self.seconds(since: "j.run_at")) as seconds_until
                from converged.jobs j left join converged.workers w on w.id = j.worker
                where j.kind = \(key.job.kind) and j.key = \(key.job.key)) j),
            'ended', (select row_to_json(h) from (
                select outcome, message, finished_at, \(Self.seconds(since: "finished_at")) as seconds_ago
                from converged.job_history where job = (
                    select id from converged.jobs where kind = \(key.job.kind) and key = \(key.job.key))
                order by finished_at desc limit 1) h),
            'dead', (select row_to_json(d) from (
                select id, attempts, message, died_at from converged.dead_jobs
                where kind = \(key.job.kind) and key = \(key.job.key) order by died_at desc limit 1) d),
            'wakes', (select count(*) from converged.wakes where kind = \(key.job.kind) and key = \(key.job.key)),
            'pause', \(pause(of: key)),
            'live_workers', (select count(*) from converged.workers
                where \(key.job.kind) = any (kinds) and seen_at > converged.now() - interval '10 seconds'),
            'trace', (select row_to_json(t) from (
                select at, desired, observed, plan, outcome from converged.traces
                where kind = \(key.trace.kind) and key = \(key.trace.key)) t),
            'conditions', (select coalesce(json_agg(row_to_json(c)), '[]') from (
                select type, status, reason, message, generation, since, \(Self.seconds(since: "since")) as since_seconds
                from converged.conditions where kind = \(key.kind) and key = \(key.key) order by type) c),
            'events', (select coalesce(json_agg(row_to_json(e)), '[]') from (
                select at, actor, reason, message from (
                    select id, at, actor, reason, message from converged.events
                    where kind = \(key.kind) and key = \(key.key) order by at desc, id desc limit 10) latest
                order by at, id) e),
            'errors', (select coalesce(json_agg(row_to_json(e)), '[]') from (
                select at, job, attempt, message from converged.job_errors
                where kind = \(key.job.kind) and key = \(key.job.key) order by at desc limit 5) e)
        )::text
        """
    }
}
