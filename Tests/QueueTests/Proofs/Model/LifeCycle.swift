/// The written life cycle of jobs as a value: what the tables hold, and how each move changes it. It follows Conformance.md and
/// the comments of the SQL; it knows nothing of how the SQL does it. Times are milliseconds.
struct LifeCycle {
    enum State: String { case waiting, ready, running }

    struct Job {
        var key: String?
        var state = State.ready
        var priority = 4
        var attempt = 0
        var mostAttempts: Int?
        var isDirty = false
        var isUrgent = false
        var runAt = 0
        var args: Int?
        var needs: Set<Int64> = []
        var fence: Int64?
        var worker: Int64?
        /// The first wake of the present run.
        var wokenAt = 0

        /// The order of claims: waiting ages a job.
        var rank: Int { runAt + priority * 15_000 }
        /// A user's change came during the run: it goes ahead and begins anew.
        var isPressed: Bool { isDirty && isUrgent }
    }

    struct Letter: Equatable {
        var key: String?
        var priority: Int
        var attempts: Int
        var mostAttempts: Int?
        var args: Int?
    }

    struct Wake {
        var key: String
        var isUrgent = true
        var at: Int
        var args: Int?
        var replaces = false
        var runAt: Int?
    }

    /// What SQL answers with an error; nothing has changed then.
    struct Refusal: Error, Equatable {
        let code: String
        init(_ code: String) { self.code = code }
        static let missing = Refusal("CV404")
        static let conflict = Refusal("CV409")
        static let workerGone = Refusal("CV002")
    }

    /// Of a job whose maker does not say.
    static let kindMostAttempts = 3

    var now = 0
    var jobs: [Int64: Job] = [:]
    var dead: [Int64: Letter] = [:]
    var wakes: [Wake] = []
    var cancels: Set<Int64> = []
    /// Keys of the kind, "" for the whole kind, nil for its queue.
    var pauses: Set<String?> = []
    /// Workers by the time when they were seen last.
    var workers: [Int64: Int] = [:]
    /// How each job ended last.
    var outcomes: [Int64: String] = [:]
    /// What the present move put into the history.
    var ended: [String] = []
    /// Jobs that the present move made out of wakes: the server gives them their ids.
    var fresh: [Job] = []

    func job(of key: String) -> Int64? { jobs.first { $0.value.key == key }?.key }

    /// A new move at a later time.
    mutating func pass(_ span: Int) {
        now += span
        ended = []
        fresh = []
    }

    mutating func end(_ id: Int64, _ outcome: String, attempts: Int) {
        outcomes[id] = outcome
        ended.append("end \(id) \(outcome) \(attempts)")
    }

    /// Jobs that are gone for good: those that need them become ready, or are cancelled with them.
    mutating func follow(_ gone: [Int64]) {
        let waiters = jobs.filter { !$0.value.needs.isDisjoint(with: gone) }.keys.sorted()
        for id in waiters {
            guard let job = jobs[id] else { continue }
            let over = job.needs.filter { jobs[$0] == nil && dead[$0] == nil }
            if over.contains(where: { outcomes[$0] != "settled" }) {
                remove(id)
                end(id, "cancelled", attempts: 0)
                follow([id])
            } else {
                jobs[id]?.needs.subtract(over)
                if jobs[id]?.needs == [] {
                    jobs[id]?.state = .ready
                    jobs[id]?.runAt = max(job.runAt, now)
                }
            }
        }
    }

    /// Nothing is noted beside a job that is gone.
    mutating func remove(_ id: Int64) {
        jobs[id] = nil
        cancels.remove(id)
    }
}

// MARK: As text

extension LifeCycle {
    /// One line for each row, in the words of ``Walk/picture``.
    var picture: [String] {
        var lines: [String] = ended
        for (id, job) in jobs {
            lines.append(
                "job \(id) \(text(job.key)) \(job.state) \(job.priority) \(job.attempt) \(text(job.mostAttempts)) "
                    + "\(job.isDirty) \(job.isUrgent) \(job.runAt) \(job.rank) \(text(job.args)) \(text(job.fence)) \(text(job.worker))"
            )
            lines += job.needs.map { "need \(id) \($0)" }
        }
        for (id, letter) in dead {
            lines.append(
                "dead \(id) \(text(letter.key)) \(letter.priority) \(letter.attempts) \(text(letter.mostAttempts)) \(text(letter.args))"
            )
        }
        lines += wakes.map {
            "wake \($0.key) \($0.isUrgent) \($0.at) \(text($0.args)) \($0.replaces) \(text($0.runAt))"
        }
        lines += cancels.map { "cancel \($0)" }
        lines += pauses.map { $0.map { "pause k \($0)" } ?? "pause queue" }
        lines += workers.map { "worker \($0.key) \($0.value)" }
        return lines.sorted()
    }

    private func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "-" }
}
