/// What an object waits for, decided from the facts that `why` has read: a pure value, so that it can be tested.
struct Wait {
    let sentence: String

    /// From `pause`, `job`, `dead`, `wakes`, `live_workers`, `trace`, `conditions`, `object` and `errors`.
    init(_ facts: JSON) {
        sentence =
            Self.judge(pause: facts) ?? Self.judge(running: facts["job"]) ?? Self.judge(workers: facts)
            ?? Self.judge(due: facts) ?? Self.judge(dead: facts["dead"]) ?? Self.judge(blocked: facts)
            ?? Self.judge(later: facts) ?? Self.judge(rest: facts)
    }

    private static func judge(pause facts: JSON) -> String? {
        let pause = facts["pause"]
        guard !pause.isNull else { return nil }
        let why = pause["reason"].line.isEmpty ? "" : " (\(pause["reason"].line))"
        if let queue = pause["queue"].text {
            return "\(pause["paused_by"].line), who paused queue \(queue)\(why): `converged queues resume \(queue)`"
        }
        let kind = pause["kind"].line
        let what = pause["key"].isNull ? kind : "\(kind.prefix { $0 != "@" })/\(pause["key"].line)"
        return "\(pause["paused_by"].line), who paused \(what)\(why): `converged resume \(what)`"
    }

    private static func judge(running job: JSON) -> String? {
        guard job["state"].text == "running" else { return nil }
        guard job["worker_live"].bool else {
            return "another worker: the one that ran it is not seen any more, its work is taken over within 15 s"
        }
        return "the end of the run on \(job["worker_name"].line)"
    }

    private static func judge(workers facts: JSON) -> String? {
        guard facts["live_workers"].integer == 0 else { return nil }
        let kind = facts["job_kind"].line
        let place = kind.split(separator: "@").dropFirst().first.map { ", which is who serves droplet \($0)" } ?? ""
        return "a worker: none that runs kind \(kind)\(place) is alive; `systemctl status converged` on the hosts"
    }

    private static func judge(due facts: JSON) -> String? {
        if let wakes = facts["wakes"].integer, wakes > 0 { return "a worker to take up its wake" }
        return facts["job"]["due"].bool ? "a free worker: it is due" : nil
    }

    private static func judge(dead job: JSON) -> String? {
        guard let id = job["id"].integer else { return nil }
        return """
            a person: job \(id) used up its attempts (\(job["message"].line)); repair the cause, then \
            `converged jobs retry \(id)`
            """
    }

    private static func judge(blocked facts: JSON) -> String? {
        guard facts["trace"]["outcome"].text?.hasPrefix("blocked") == true else { return nil }
        let condition = facts["conditions"].items.first { $0["status"].text == "False" } ?? .null
        let why =
            condition.isNull
            ? facts["trace"]["outcome"].line : "\(condition["reason"].line): \(condition["message"].line)"
        return "a person, or a changed row (\(why)); after a repair: `converged reconcile KEY --now`"
    }

    private static func judge(later facts: JSON) -> String? {
        let job = facts["job"]
        guard let seconds = job["seconds_until"].integer else { return nil }
        let wait = Table.Style.age(max(seconds, 0))
        if let attempt = job["attempt"].integer, attempt > 0 {
            let error = facts["errors"].items.first?["message"].line ?? "unknown"
            return "its back-off: attempt \(attempt + 1) starts in \(wait); the last one failed: \(error)"
        }
        return isSettled(facts)
            ? "nothing: it is settled; the next look is in \(wait)" : "its next look at the outside in \(wait)"
    }

    private static func judge(rest facts: JSON) -> String {
        if !facts["object"].isNull, !isSettled(facts) {
            return "a wake: its row is ahead of its status, yet no job is there; `converged reconcile KEY --now`"
        }
        return facts["object"].isNull && facts["kind"].text == "machine"
            ? "nothing: its row is gone" : "nothing: it is settled"
    }

    private static func isSettled(_ facts: JSON) -> Bool {
        let object = facts["object"]
        let isRead = object.isNull || object["generation"] == object["observed_generation"]
        return isRead
            && !facts["conditions"].items.contains { $0["type"].text == "Ready" && $0["status"].text != "True" }
    }
}
