import Postgres
import Support

@testable import Queue

/// What the workers of a walk do, with the statements of the real one.
extension Walk {
    /// A worker that starts; in the place of one that is gone, or just stops saying anything and keeps its leases.
    mutating func replaceWorker(at place: Int) async throws {
        let sql: SQL = """
            insert into converged.workers (name, version, kinds, started_at, seen_at)
            values ('w', '1', '{k}', converged.now(), converged.now()) returning id
            """
        var id: Int64 = 0
        try await move("register", [sql]) { model, answer in
            id = try answer.rows[0].scalar()
            model.workers[id] = model.now
            return nil
        }
        if place < workers.count { workers[place] = id } else { workers.append(id) }
    }

    mutating func claim() async throws {
        let place = Int.random(in: 0..<workers.count, using: &random)
        let (worker, most) = (workers[place], Int.random(in: 0...3, using: &random))
        let claim = Claim(limits: [most], worker: worker, floors: [nil])
        let database = database
        var leased: [Lease] = []
        try await move("claim \(worker) \(most)", [claim.statement([Self.kind])]) { model, answer in
            if model.workers[worker] == nil { throw LifeCycle.Refusal.workerGone }
            guard let rows = answer.rows.first else { return nil }
            leased = try Claim.Result(rows, database).leases.map(\.lease)
            model.fold()
            if let problem = model.adopt(answer.newcomers) { return problem }
            for lease in leased where lease.attempt != model.jobs[lease.job]?.attempt {
                return "attempt of \(lease.job)"
            }
            return model.lease(
                leased.map(\.job), most: most, fence: leased.first?.fence ?? 0, worker: worker)
        }
        leases = leases.suffix(80) + leased
        if model.workers[worker] == nil { try await replaceWorker(at: place) }
    }

    mutating func finish() async throws {
        let held = leases.filter { model.jobs[$0.job]?.fence == $0.fence }
        var chosen: [Int64: Lease] = [:]
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let isLate = Int.random(in: 0..<5, using: &random) == 0
            guard let lease = (isLate ? leases : held).randomElement(using: &random) else { continue }
            chosen[lease.job] = lease
        }
        let endings: [Finish.Ending] = [
            .settled, .settled, .settled, .again, .retry, .retry, .blocked, .cancelled, .returned,
        ]
        let finishes = chosen.values.sorted { $0.job < $1.job }.map { lease in
            var finish = Finish(lease, endings.randomElement(using: &random) ?? .settled, startedAt: .now, message: "m")
            switch finish.ending {
            case .settled where Int.random(in: 0..<3, using: &random) > 0, .blocked, .cancelled, .returned: break
            default: finish.after = .milliseconds(Int.random(in: 0..<3_000, using: &random))
            }
            return finish
        }
        if finishes.isEmpty { return }
        let told = finishes.map { "\($0.lease.job)/\($0.lease.fence) \($0.ending) \($0.after.map { "\($0)" } ?? "")" }
        var words: [String] = []
        try await move("finish \(told)", Finish.statements(finishes)) { model, answer in
            let answers = try Finish.answers(answer.rows).mapValues(\.rawValue)
            var expected: [Int64: String] = [:]
            var gone: [Int64] = []
            for finish in finishes {
                let (job, after) = (finish.lease.job, finish.after.map { Int($0 / .milliseconds(1)) })
                let word = model.finish(job, fence: finish.lease.fence, finish.ending.rawValue, after: after)
                expected[job] = word
                if word != "lost", model.jobs[job] == nil, model.dead[job] == nil { gone.append(job) }
            }
            model.follow(gone)
            words = Array(expected.values)
            return answers == expected ? nil : "answers \(answers), not \(expected)"
        }
        for word in words { count(word == "dead" ? "died" : word) }
    }

    mutating func heartbeat() async throws {
        let place = Int.random(in: 0..<workers.count, using: &random)
        let worker = workers[place]
        try await move("heartbeat \(worker)", ["select cancelled from converged.heartbeat(\(worker))"]) {
            model, answer in
            let heard = try answer.rows[0].column(0, as: [Int64].self).first
            if model.workers[worker] == nil { return heard == nil ? nil : "a worker without a row was heard" }
            model.workers[worker] = model.now
            let asked = model.cancels.filter { model.jobs[$0]?.state == .running && model.jobs[$0]?.worker == worker }
            return heard.map(Set.init) == asked ? nil : "heard \(heard ?? []), not \(asked)"
        }
        if model.workers[worker] == nil { try await replaceWorker(at: place) }
    }

    mutating func rescue() async throws {
        let caller = workers.randomElement(using: &random) ?? 0
        let isThorough = Bool.random(using: &random)
        let sql: SQL = "select * from converged.rescue(\(caller), interval '10 seconds', \(isThorough))"
        let running = model.jobs.values.count { $0.state == .running }
        try await move("rescue \(caller) \(isThorough)", [sql]) { model, _ in
            model.rescue(caller, isThorough: isThorough)
            return nil
        }
        if model.jobs.values.count(where: { $0.state == .running }) < running { count("rescued") }
    }

    /// A worker that lost an answer says which leases it knows of.
    mutating func renew() async throws {
        let place = Int.random(in: 0..<workers.count, using: &random)
        let worker = workers[place]
        var known: [(id: Int64, fence: Int64)] = []
        for lease in leases where model.jobs[lease.job]?.worker == worker {
            if Int.random(in: 0..<3, using: &random) > 0 { known.append((lease.job, lease.fence)) }
        }
        let sql: SQL = """
            select converged.renew_worker(\(worker), \(known.map(\.id))::bigint[], \(known.map(\.fence))::bigint[])
            """
        let held = known
        var renewed = worker
        try await move("renew \(worker) knowing \(held)", [sql]) { model, answer in
            if model.workers[worker] == nil { throw LifeCycle.Refusal.workerGone }
            renewed = try answer.rows.first?.scalar() ?? 0
            model.renew(worker, as: renewed, knowing: held)
            return nil
        }
        workers[place] = renewed
        if model.workers[renewed] == nil { try await replaceWorker(at: place) }
    }
}
