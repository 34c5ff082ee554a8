import FoundationEssentials
import Postgres

/// `converged.claim`: folds wakes and leases due jobs, one round trip.
struct Claim {
    /// Leases wanted, in the order of the ledger's kinds. All zero: fold only.
    var limits: [Int]
    var worker: Int64

    /// Wakes folded per kind and turn. More than this is found by the next turn, which follows at once.
    static let mostWakes = 1_000

    func statement(_ kinds: [JobKind]) -> SQL {
        SQL(
            """
            select id, fence, kind, key, attempt, priority, args, woken_at, waited_ms, folded, left_behind, next_ms
            from converged.claim($1, $2::text[], $3::text[], $4::integer[], $5::integer[], $6)
            """,
            bind: [
                worker.postgresCell, kinds.map(\.name).postgresCell, kinds.map(\.queue).postgresCell,
                kinds.map(\.maxAttempts).postgresCell, limits.postgresCell, Self.mostWakes.postgresCell,
            ])
    }

    struct Result {
        var leases: [(lease: Lease, waited: Duration)] = []
        var folded = 0
        /// Wakes whose job was being written at that moment; they are folded a little later.
        var leftBehind = 0
        /// Until the next job falls due, when that is soon.
        var next: Duration?

        init() {}

        init(_ rows: Rows, _ database: Database) throws {
            leases.reserveCapacity(max(0, rows.count - 1))
            for row in rows {
                guard let job = try row.decode(0, as: Int64?.self) else {
                    folded = try row.decode(9)
                    leftBehind = try row.decode(10)
                    next = try row.decode(11, as: Double?.self).map { .milliseconds($0) }
                    continue
                }
                let lease = Lease(
                    job: job, fence: try row.decode(1), kind: try row.decode(2), key: try row.decode(3),
                    attempt: try row.decode(4), args: try row.decode(6), priority: try row.decode(5),
                    wokenAt: try row.decode(7), database: database)
                leases.append((lease, .milliseconds(try row.decode(8, as: Double.self))))
            }
        }
    }
}
