import Postgres

extension Verbs {
    /// One screen: is the whole working, and if not, what needs a person?
    ///
    /// Ends with ``Exit/attention`` when no live worker runs machines, jobs are dead, or objects are blocked.
    public func showStatus() async throws -> Exit {
        var status = try await ask(Self.status)
        let needs = Self.findNeeds(status)
        status["needs"] = .array(needs.map(JSON.text))
        status["healthy"] = .bool(needs.isEmpty)
        try console.answer(status) { print(status, needs: needs) }
        return needs.isEmpty ? .ok : .attention
    }

    /// What needs a person, a sentence each with the verb that tells more.
    static func findNeeds(_ status: JSON) -> [String] {
        var needs: [String] = []
        if !status["workers"].items.contains(where: { $0["live"].bool && !$0["draining"].bool }) {
            needs.append("no live worker: nothing is being done; look at `systemctl status converged`")
        }
        if let dead = status["queue"]["dead"].integer, dead > 0 {
            needs.append("\(dead) dead jobs: `converged jobs list --state dead`, then retry or cancel each")
        }
        if let blocked = status["blocked"].integer, blocked > 0 {
            needs.append("\(blocked) objects are blocked: `converged plan` lists them, `converged why KEY` tells more")
        }
        let droplets = status["droplets"].items
        let lonely = droplets.filter { $0["serving"].integer == 0 }.map { $0["name"].line }
        if !lonely.isEmpty {
            needs.append(
                "no live daemon serves \(lonely.joined(separator: ", ")): start one whose CONVERGED_DROPLETS names it")
        }
        let away = droplets.filter { $0["status"].line == "unreachable" }.map { $0["name"].line }
        if !away.isEmpty {
            needs.append("\(away.joined(separator: ", ")): Docker does not answer; see `converged droplets show`")
        }
        let halted = status["rollouts"].items.filter { $0["state"].text == "halted" }
        for rollout in halted {
            needs.append(
                "rollout \(rollout["id"].line) is halted, \(rollout["done"].line) done: `converged rollout status \(rollout["id"].line)`"
            )
        }
        return needs
    }

    private func print(_ status: JSON, needs: [String]) {
        let database = status["database"]
        console.print(
            "database   PostgreSQL \(database["server_version"].line), schema \(database["schema_version"].line)")
        let queue = status["queue"]
        console.print(
            "queue      \(queue["due"].line) due\(Self.oldest(queue)), \(queue["running"].line) running, "
                + "\(queue["later"].line) later, \(queue["wakes"].line) wakes, \(queue["dead"].line) dead")
        let survey = status["survey"]
        let outcome = survey["outcome"].isNull ? "none yet" : survey["outcome"].line
        let age = survey["seconds_ago"].integer.map { ", " + Table.Style.age($0) + " ago" } ?? ""
        console.print("survey     \(outcome)\(age)")
        section(
            "workers", status["workers"],
            [
                .init("id", nil, .number), .init("name"), .init("version"), .init("seen_seconds_ago", "seen", .age),
                .init("running", nil, .number), .init("live"), .init("draining"),
            ])
        section("machines", status["machines"], [.init("status"), .init("count", nil, .number)])
        section(
            "droplets", status["droplets"],
            [
                .init("name"), .init("status"), .init("serving", nil, .number), .init("draining"),
                .init("pas", nil, .number), .init("services", nil, .number), .init("engine_version", "engine"),
            ])
        section(
            "rollouts", status["rollouts"],
            [
                .init("id", nil, .number), .init("stands"), .init("since_seconds", "since", .age), .init("done"),
                .init("failed", nil, .number), .init("image"), .init("why"),
            ])
        section(
            "conditions that are not True", status["conditions"],
            [
                .init("kind"), .init("type"), .init("reason"), .init("status"), .init("count", nil, .number),
            ])
        section(
            "fleets", status["fleets"],
            [
                .init("key"), .init("type"), .init("status"), .init("reason"), .init("since_seconds", "since", .age),
                .init("message"),
            ])
        section(
            "pauses", status["pauses"],
            [
                .init("queue"), .init("kind"), .init("key"), .init("paused_by", "by"),
                .init("seconds_ago", "since", .age),
                .init("reason"),
            ])
        console.print("")
        console.print(
            needs.isEmpty ? "healthy: nothing needs a person" : needs.map { "! " + $0 }.joined(separator: "\n"))
    }

    private static func oldest(_ queue: JSON) -> String {
        guard let seconds = queue["oldest_due_seconds"].integer else { return "" }
        return " (the oldest for \(Table.Style.age(seconds)))"
    }

    func section(_ title: String, _ rows: JSON, _ columns: [Table.Column]) {
        guard !rows.items.isEmpty else { return }
        console.print("")
        console.print(title)
        console.print(Table(columns, rows.items))
    }

    private static let status: SQL = """
        select json_build_object(
            'database', json_build_object(
                'server_version', current_setting('server_version'),
                'schema_version', (select max(version) from converged.migrations),
                'time', converged.now()),
            'workers', \(workers),
            'machines', (select coalesce(json_agg(row_to_json(m)), '[]') from (
                select status, count(*) from converged.objects where kind = 'machine' group by status order by status) m),
            'droplets', (select coalesce(json_agg(row_to_json(d)), '[]') from (
                select name, status, engine_version, draining,
                    (select count(*) from converged.workers w
                     where converged.kind_at('survey', o.name) = any (w.kinds)
                        and w.seen_at > converged.now() - interval '10 seconds') as serving,
                    (select count(*) from converged.pas p where p.droplet = o.name) as pas,
                    (select count(*) from converged.services s where s.droplet = o.name) as services
                from converged.droplets o order by name) d),
            'rollouts', (select coalesce(json_agg(row_to_json(r)), '[]') from (
                select id, stands, state, \(seconds(since: "changed_at")) as since_seconds,
                    arrived || ' of ' || members as done, members, arrived, under_way, waiting, failed, skipped, image, why
                from converged.rollout_list where state <> 'done' order by id) r),
            'conditions', (select coalesce(json_agg(row_to_json(c)), '[]') from (
                select kind, type, reason, status, count(*) from converged.conditions
                where status <> 'True' group by kind, type, reason, status order by count(*) desc, kind, type, reason) c),
            'fleets', (select coalesce(json_agg(row_to_json(f)), '[]') from (
                select kind || '/' || key as key, type, status, reason, message,
                    \(seconds(since: "since")) as since_seconds
                from converged.conditions where kind in ('fleet', 'survey') or kind = 'droplet' and status <> 'True' order by kind, key, type) f),
            'blocked', (select count(*) from converged.traces where outcome ~ '^blocked'),
            'queue', (select json_build_object(
                'due', count(*) filter (where state = 'ready' and run_at <= converged.now()),
                'running', count(*) filter (where state = 'running'),
                'later', count(*) filter (where state = 'ready' and run_at > converged.now()),
                'oldest_due_seconds', max(\(seconds(since: "run_at")))
                    filter (where state = 'ready' and run_at <= converged.now()),
                'wakes', (select count(*) from converged.wakes),
                'dead', (select count(*) from converged.dead_jobs)) from converged.jobs),
            'pauses', (select coalesce(json_agg(row_to_json(p)), '[]') from (
                select nullif(queue, '') as queue, nullif(kind, '') as kind, nullif(key, '') as key, paused_by,
                    \(seconds(since: "paused_at")) as seconds_ago, reason
                from converged.pauses order by queue, kind, key) p),
            'survey', (select row_to_json(s) from (
                select outcome, finished_at, \(seconds(since: "finished_at")) as seconds_ago from converged.job_history
                where job = (select id from converged.jobs where kind = 'survey' and key = 'fly')
                order by finished_at desc limit 1) s)
        )::text
        """

    /// Workers as a json array: live ones were seen within the 10 s after which others take their jobs.
    static let workers: SQL = """
        (select coalesce(json_agg(row_to_json(w)), '[]') from (
            select id, name, version, kinds, draining, started_at, seen_at, \(seconds(since: "seen_at")) as seen_seconds_ago,
                seen_at > converged.now() - interval '10 seconds' as live,
                (select count(*) from converged.jobs j where j.worker = workers.id and j.state = 'running') as running
            from converged.workers order by name, id) w)
        """
}
