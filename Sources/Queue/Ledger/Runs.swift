import Postgres

extension Ledger {
    mutating func begin(_ lease: Lease, _ kind: Int, _ now: Instant) -> Run {
        let id = RunID(lease)
        let run = Run(lease: lease, kind: kind, startedAt: now)
        runs[id] = run
        busy[kind] += 1
        starts[kind].ids.append(id)
        return run
    }

    /// The tasks of these runs exist. Returns those that have to be cancelled at once.
    mutating func started(_ tasks: [(Lease, Task<Void, Never>)]) -> [Task<Void, Never>] {
        tasks.compactMap { lease, task in
            let id = RunID(lease)
            guard runs[id] != nil else { return nil }
            runs[id]?.task = task
            return runs[id]?.cancelled == nil ? nil : task
        }
    }

    /// The run has ended. With a finish it joins the next round trip; without one it was finished by itself, or its lease
    /// is void.
    ///
    /// - Returns: whether that may be worth a round trip, or is the first of those that wait for one.
    @discardableResult mutating func end(_ lease: Lease, _ finish: Finish?, _ now: Instant) -> Bool {
        guard let run = runs.removeValue(forKey: RunID(lease)) else { return false }
        busy[run.kind] -= 1
        trim(run.kind)
        guard let finish, worker != nil, run.cancelled?.reason != .lapse else { return true }
        if pending.isEmpty { pendingSince = now }
        pending.append(finish)
        return pending.count == 1 || pending.count % settings.finishBatch == 0 || runs.isEmpty || isStopping
            || isIsolating
    }

    /// A run that wrote its own end. Its slot is free before the next round trip, which may be worth one.
    mutating func finished(_ finish: Finish, _ answer: Finish.Answer?, _ now: Instant) {
        record(finish, answer, now)
        if let kind = index(of: finish.lease.kind), hasBacklog[kind] { isHinted = true }
    }

    func cancellation(of lease: Lease) -> Reason? { runs[RunID(lease)]?.cancelled?.reason }

    /// Marks runs as cancelled; returns what cancels their tasks.
    private mutating func cancel(_ ids: [RunID], _ reason: Reason, _ now: Instant) -> [Task<Void, Never>] {
        ids.compactMap { id in
            guard runs[id]?.cancelled == nil || reason == .lapse else { return nil }
            runs[id]?.cancelled = (reason, now)
            return runs[id]?.task
        }
    }

    /// The operator asked for the end of these jobs.
    mutating func request(_ jobs: [Int64], _ now: Instant) -> [Task<Void, Never>] {
        let wanted = Set(jobs)
        return cancel(runs.keys.filter { wanted.contains($0.job) }, .requested, now)
    }

    /// Everything that is due by time alone: attempts past their deadline, a lapse, the end of a stop's grace.
    mutating func expire(_ now: Instant) -> [Task<Void, Never>] {
        var cancels: [Task<Void, Never>] = []
        for kind in kinds.indices {
            while let first = firstStart(kind), let run = runs[first], run.startedAt + kinds[kind].deadline <= now {
                starts[kind].head += 1
                cancels += cancel([first], .deadline, now)
            }
        }
        if let lapseAt, lapseAt <= now { cancels += lapse(now) }
        if let graceEnd, graceEnd <= now { cancels += cancel(Array(runs.keys), .stop, now) }
        if let abandonAt, abandonAt <= now { abandon(now) }
        return cancels
    }

    /// This worker cannot prove that it lives: it stops before others take over.
    mutating func lapse(_ now: Instant) -> [Task<Void, Never>] {
        guard worker != nil else { return [] }
        worker = nil
        lastHeartbeat = nil
        isUncertain = false
        isIsolating = false
        counters.lapses += 1
        pending = []
        pendingSince = nil
        return cancel(Array(runs.keys), .lapse, now)
    }

    /// The stop is over and handlers still go on: their jobs are handed back, and the fence refuses what they say later.
    private mutating func abandon(_ now: Instant) {
        for run in Array(runs.values) {
            end(run.lease, Finish(run.lease, .returned, startedAt: run.startedAt), now)
        }
    }

    var lapseAt: Instant? { worker == nil ? nil : lastHeartbeat.map { $0 + settings.lapseAfter } }
    private var graceEnd: Instant? { stoppedAt.map { $0 + settings.grace } }
    private var abandonAt: Instant? { graceEnd.map { $0 + settings.cancelGrace } }
    /// Later than this a stop does not wait for the database: others rescue what is left.
    var stopEnd: Instant? { abandonAt.map { $0 + settings.cancelGrace } }

    /// When to look again if nothing happens before.
    mutating func nextAlarm(_ now: Instant) -> Instant {
        var times: [Instant?] = [lapseAt]
        for kind in kinds.indices {
            times.append(firstStart(kind).flatMap { runs[$0] }.map { $0.startedAt + kinds[kind].deadline })
        }
        if isStopping {
            times +=
                runs.isEmpty ? [stopEnd] : [graceEnd, abandonAt, stopEnd].map { $0.flatMap { $0 > now ? $0 : nil } }
        }
        if isUncertain, turning == 0 { times.append(retryAt) }
        times.append(turnAt)
        return times.compactMap(\.self).min() ?? .distant(now)
    }

    /// The oldest start of the kind that still runs and was not cancelled.
    private mutating func firstStart(_ kind: Int) -> RunID? {
        trim(kind)
        let starts = starts[kind]
        return starts.head < starts.ids.count ? starts.ids[starts.head] : nil
    }

    private mutating func trim(_ kind: Int) {
        while starts[kind].head < starts[kind].ids.count, runs[starts[kind].ids[starts[kind].head]] == nil {
            starts[kind].head += 1
        }
        if starts[kind].head > 1_024, starts[kind].head * 2 > starts[kind].ids.count {
            starts[kind].ids.removeFirst(starts[kind].head)
            starts[kind].head = 0
        }
    }
}
