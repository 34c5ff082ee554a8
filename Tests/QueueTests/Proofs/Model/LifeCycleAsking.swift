/// What web apps and operators do.
extension LifeCycle {
    enum Mode: String, CaseIterable { case keep, reject, replace, wake }

    struct Request {
        var key: String?
        var mode = Mode.keep
        var priority: Int?
        var runAt: Int?
        var mostAttempts: Int?
        var args: Int?
        var needs: Set<Int64> = []
    }

    /// Nil: a new job, whose id the server says. Else the job that has the key.
    mutating func enqueue(_ request: Request) throws -> Int64? {
        var live: Set<Int64> = []
        for need in request.needs.sorted() {
            if jobs[need] != nil || dead[need] != nil {
                live.insert(need)
            } else if let outcome = outcomes[need] {
                if outcome != "settled" { throw Refusal.conflict }
            } else {
                throw Refusal.missing
            }
        }
        // In the past is early, not wrong: it goes ahead of others.
        let due = request.runAt ?? now
        if let key = request.key, let present = job(of: key) {
            switch request.mode {
            case .keep: break
            case .reject: throw Refusal.conflict
            case .replace, .wake:
                wakes.append(
                    Wake(
                        key: key, at: now, args: request.args, replaces: request.mode == .replace,
                        runAt: request.runAt.map { _ in due }))
            }
            return present
        }
        fresh = [
            Job(
                key: request.key, state: live.isEmpty ? .ready : .waiting, priority: request.priority ?? 4,
                mostAttempts: request.mostAttempts ?? Self.kindMostAttempts, runAt: due, args: request.args,
                needs: live, wokenAt: now)
        ]
        return nil
    }

    mutating func wake(_ key: String, isUrgent: Bool) {
        wakes.append(Wake(key: key, isUrgent: isUrgent, at: now))
    }

    mutating func cancel(_ id: Int64) throws {
        if let job = jobs[id], job.state == .running {
            cancels.insert(id)
            return
        }
        guard let attempts = jobs[id]?.attempt ?? dead[id]?.attempts else { throw Refusal.missing }
        remove(id)
        dead[id] = nil
        end(id, "cancelled", attempts: attempts)
        follow([id])
    }

    /// An operator's retry: a waiting back-off ends, a dead letter lives again.
    mutating func retry(_ id: Int64) throws {
        if let job = jobs[id] {
            guard job.state == .ready else { throw Refusal.conflict }
            jobs[id]?.runAt = min(job.runAt, now)
            jobs[id]?.attempt = 0
            jobs[id]?.priority = 0
            jobs[id]?.isUrgent = true
            return
        }
        guard let letter = dead[id] else { throw Refusal.missing }
        if let key = letter.key, job(of: key) != nil { throw Refusal.conflict }
        revive(id)
    }

    /// Of several dead letters with one key, one lives again: which, the server says.
    mutating func redrive(_ chosen: Set<Int64>) {
        var keys: Set<String> = []
        for (id, letter) in dead.sorted(by: { $0.key < $1.key }) {
            if let key = letter.key {
                if job(of: key) != nil { continue }
                let rivals = dead.filter { $0.value.key == key }.keys
                if rivals.count > 1, !chosen.contains(id) { continue }
                if !keys.insert(key).inserted { continue }
            }
            revive(id)
        }
    }

    private mutating func revive(_ id: Int64) {
        guard let letter = dead.removeValue(forKey: id) else { return }
        jobs[id] = Job(
            key: letter.key, priority: 0, mostAttempts: letter.mostAttempts, isUrgent: true, runAt: now,
            args: letter.args, wokenAt: now)
    }

    mutating func resume(_ key: String?) throws {
        if pauses.remove(key) == nil { throw Refusal.missing }
    }
}
