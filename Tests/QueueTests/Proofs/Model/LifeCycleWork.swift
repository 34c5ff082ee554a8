/// What workers do.
extension LifeCycle {
    /// Wakes become jobs, or change those that are there.
    mutating func fold() {
        for (key, group) in Dictionary(grouping: wakes, by: \.key) {
            // The newest word counts, that of a replacement before others.
            let newest = Array(group.filter(\.replaces).reversed() + group.filter { !$0.replaces }.reversed())
            let isUrgent = group.contains(where: \.isUrgent)
            let replaces = group.contains(where: \.replaces)
            let args = newest.first { $0.args != nil }?.args
            let at = group.map(\.at).min() ?? now
            let runAt = newest.first?.runAt
            guard let id = job(of: key), var job = jobs[id] else {
                fresh.append(
                    Job(
                        key: key, priority: isUrgent ? 0 : 8, mostAttempts: Self.kindMostAttempts, isUrgent: isUrgent,
                        runAt: runAt ?? at, args: args,
                        wokenAt: at))
                continue
            }
            if replaces { job.args = args }
            if job.state == .running {
                if !job.isDirty { job.wokenAt = at }
                job.isDirty = true
            } else if isUrgent || job.attempt == 0 {
                job.runAt = min(job.runAt, now)
            }
            if job.state != .running, isUrgent {
                job.attempt = 0
                job.priority = 0
            }
            if replaces, let runAt { job.runAt = runAt }
            job.isUrgent = job.isUrgent || isUrgent
            jobs[id] = job
        }
        wakes = []
    }

    /// Jobs that may be leased now, the best first.
    var due: [(id: Int64, rank: Int)] {
        if pauses.contains(nil) || pauses.contains("") { return [] }
        return jobs.filter {
            $0.value.state == .ready && $0.value.runAt <= now && !pauses.contains($0.value.key ?? " ")
        }
        .map { ($0.key, $0.value.rank) }.sorted { $0.rank < $1.rank }
    }

    /// Leases what the server chose; what is wrong with that choice, or nil.
    mutating func lease(_ chosen: [Int64], most: Int, fence: Int64, worker: Int64) -> String? {
        let due = due
        if chosen.count != min(most, due.count) { return "leased \(chosen), due were \(due), asked for \(most)" }
        let ranks = chosen.compactMap { id in due.first { $0.id == id }?.rank }.sorted()
        if ranks != due.prefix(chosen.count).map(\.rank) { return "leased \(chosen) ahead of \(due)" }
        for id in chosen {
            jobs[id]?.state = .running
            jobs[id]?.isDirty = false
            jobs[id]?.isUrgent = false
            jobs[id]?.fence = fence
            jobs[id]?.worker = worker
        }
        return nil
    }

    /// One end of a run under a lease; the answer that the worker needs.
    mutating func finish(_ id: Int64, fence: Int64, _ given: String, after: Int?) -> String? {
        guard var job = jobs[id], job.state == .running, job.fence == fence else { return "lost" }
        let runsAgain = ["again", "retry", "returned"].contains(given)
        var outcome = given
        if runsAgain, cancels.contains(id) {
            outcome = "cancelled"
        } else if given == "retry", let most = job.mostAttempts, job.attempt + 1 >= most, !job.isPressed {
            outcome = "dead"
        }
        cancels.remove(id)
        let isThrough = ["settled", "blocked", "cancelled"].contains(outcome)
        if isThrough || outcome == "dead" { end(id, outcome, attempts: job.attempt + 1) }
        if outcome == "dead" {
            jobs[id] = nil
            dead[id] = Letter(
                key: job.key, priority: job.priority, attempts: job.attempt + 1, mostAttempts: job.mostAttempts,
                args: job.args)
            if job.isDirty, let key = job.key { wakes.append(Wake(key: key, isUrgent: false, at: job.wokenAt)) }
            return "dead"
        }
        if isThrough, !job.isDirty, outcome != "settled" || after == nil {
            jobs[id] = nil
            return nil
        }
        if job.isPressed || (job.isDirty && outcome != "retry") {
            job.runAt = max(now, job.runAt)
        } else if outcome != "returned" {
            job.runAt = now + (after ?? 0)
        }
        if job.isPressed {
            (job.priority, job.attempt) = (0, 0)
        } else if isThrough {
            (job.priority, job.attempt) = (8, 0)
        } else if outcome == "retry" {
            job.attempt += 1
        }
        release(id, job)
        return job.runAt <= now ? "due" : nil
    }

    /// The lease is over and the job is to run again.
    private mutating func release(_ id: Int64, _ job: Job) {
        var job = job
        job.state = .ready
        job.isDirty = false
        job.fence = nil
        job.worker = nil
        jobs[id] = job
    }

    /// Workers unseen for 10 s are dead, and so are, for a thorough caller, those without a row.
    mutating func rescue(_ caller: Int64, isThorough: Bool) {
        let unseen = Set(workers.filter { $0.key != caller && $0.value < now - 10_000 }.keys)
        for (id, job) in jobs where job.state == .running {
            guard let worker = job.worker, unseen.contains(worker) || isThorough && workers[worker] == nil else {
                continue
            }
            giveBack(id, job)
        }
        for worker in unseen { workers[worker] = nil }
        // Requests to stop runs that nobody ended.
        for id in cancels.sorted() where jobs[id]?.state == .ready {
            let attempts = jobs[id]?.attempt ?? 0
            remove(id)
            end(id, "cancelled", attempts: attempts)
            follow([id])
        }
        cancels = cancels.filter { jobs[$0] != nil }
    }

    /// Taken from a worker that does not answer for it: due again, attempt uncounted, but not before its time. One that was to
    /// be stopped and was woken as well has been stopped, and the wake counts.
    private mutating func giveBack(_ id: Int64, _ job: Job) {
        var job = job
        job.runAt = max(now, job.runAt)
        if job.isDirty, cancels.remove(id) != nil {
            end(id, "cancelled", attempts: job.attempt + 1)
            (job.priority, job.attempt) = (8, 0)
        }
        if job.isPressed { (job.priority, job.attempt) = (0, 0) }
        release(id, job)
    }

    /// The worker's row is a new one; it keeps what it knows of.
    mutating func renew(_ worker: Int64, as renewed: Int64, knowing known: [(id: Int64, fence: Int64)]) {
        workers[worker] = nil
        workers[renewed] = now
        for (id, job) in jobs where job.state == .running && job.worker == worker {
            if known.contains(where: { $0.id == id && $0.fence == job.fence }) {
                jobs[id]?.worker = renewed
            } else {
                giveBack(id, job)
            }
        }
    }
}
