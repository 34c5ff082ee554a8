import Postgres

/// The end of one run on its way to `converged.finish`.
struct Finish: Sendable {
    /// The words of `converged.finish`; `dead` is decided there.
    enum Ending: String, Sendable, CaseIterable {
        case settled, again, retry, blocked, cancelled, returned, dead

        /// Its number among all of them.
        var place: Int {
            switch self {
            case .settled: 0
            case .again: 1
            case .retry: 2
            case .blocked: 3
            case .cancelled: 4
            case .returned: 5
            case .dead: 6
            }
        }
    }

    var lease: Lease
    var ending: Ending
    /// Until the next run; nil when there is none.
    var after: Duration?
    var message: String?
    var output: String?
    var log: [String: String] = [:]
    var startedAt: ContinuousClock.Instant
    /// Sent once without an answer: if the lease turns out to be gone, it was most likely this that ended it.
    var isUncertain = false

    /// Longer messages are cut: history is for reading.
    private static let longestMessage = 2_000

    init(_ lease: Lease, _ ending: Ending, startedAt: ContinuousClock.Instant, message: String? = nil) {
        self.lease = lease
        self.ending = ending
        self.startedAt = startedAt
        self.message = message.map(Self.clean)
    }

    /// - Parameter unit: randomness for the back-off, 0..<1.
    init(
        _ lease: Lease, _ verdict: Verdict, _ kind: JobKind, startedAt: ContinuousClock.Instant,
        unit: @autoclosure () -> Double
    ) {
        switch verdict.outcome {
        case .settled(let next):
            self.init(lease, .settled, startedAt: startedAt)
            after = next
        case .again(let wait):
            self.init(lease, .again, startedAt: startedAt)
            after = wait
        case .retry(let reason):
            self.init(lease, .retry, startedAt: startedAt, message: reason)
            after = kind.backoff.delay(failures: lease.attempt + 1, unit: unit())
        case .blocked(let reason):
            self.init(lease, .blocked, startedAt: startedAt, message: reason)
        }
        output = verdict.output.map { $0.replacing("\0", with: "") }
        log = verdict.log
    }

    /// Postgres texts hold no NUL.
    private static func clean(_ message: String) -> String {
        String(message.prefix(longestMessage)).replacing("\0", with: "")
    }

    /// Nothing but the end itself is to be told, as of nearly all runs.
    var isPlain: Bool { ending == .settled && after == nil && output == nil }

    /// One statement for the plain ends and one for the others. Each answers only rows that need attention: see ``Answer``.
    static func statements(_ finishes: [Finish]) -> [SQL] {
        var plain: [Lease] = []
        var others: [Finish] = []
        plain.reserveCapacity(finishes.count)
        for finish in finishes {
            if finish.isPlain { plain.append(finish.lease) } else { others.append(finish) }
        }
        var statements: [SQL] = []
        if !plain.isEmpty {
            statements.append(
                SQL(
                    "select job, result from converged.settle($1::bigint[], $2::tid[], $3::bigint[])",
                    bind: [
                        plain.map(\.job).postgresCell, plain.map(\.address).postgresCell,
                        plain.map(\.fence).postgresCell,
                    ]))
        }
        if !others.isEmpty { statements.append(statement(others)) }
        return statements
    }

    /// Finds the rows by their id, whatever was done to them meanwhile.
    static func statement(_ finishes: [Finish]) -> SQL {
        SQL(
            """
            select job, result from converged.finish(
                $1::bigint[], $2::bigint[], $3::text[], $4::double precision[], $5::text[], $6::text[])
            """,
            bind: [
                finishes.map(\.lease.job).postgresCell, finishes.map(\.lease.fence).postgresCell,
                finishes.map(\.ending.rawValue).postgresCell, finishes.map { $0.after?.inMilliseconds }.postgresCell,
                finishes.map(\.message).postgresCell, finishes.map(\.output).postgresCell,
            ])
    }

    enum Answer: String, PostgresCodable {
        /// Woken during the run: due again at once.
        case due
        /// That was the last attempt.
        case dead
        /// The lease was no longer ours; nothing was written.
        case lost
    }

    static func answers(_ results: some Sequence<Rows>) throws -> [Int64: Answer] {
        var answers: [Int64: Answer] = [:]
        for rows in results {
            for row in rows { answers[try row.decode(0)] = try row.decode(1, as: Answer.self) }
        }
        return answers
    }
}

extension Duration {
    var inMilliseconds: Double { self / .milliseconds(1) }
}
