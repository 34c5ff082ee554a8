import FoundationEssentials
import Postgres

/// `converged.claim`: folds wakes and leases due jobs, one round trip.
struct Claim {
    /// Leases wanted, in the order of the ledger's kinds. All zero: fold only.
    var limits: [Int]
    var worker: Int64
    /// Where the look for due jobs of each kind begins, as microseconds of rank; nil: at the beginning.
    var floors: [Int64?]

    /// Wakes folded per kind and turn. More than this is found by the next turn, which follows at once.
    static let mostWakes = 1_000
    /// Leases per kind and turn.
    static let mostLeases = 500

    func statement(_ kinds: [JobKind]) -> SQL {
        SQL(
            """
            select id, tid, kind, key, attempt, priority, args, woken_us, waited_us, rank_us, fence, folded, left_behind,
                next_ms, look_ms
            from converged.claim($1, $2::text[], $3::text[], $4::integer[], $5::bigint[], $6)
            """,
            bind: [
                worker.postgresCell, kinds.map(\.name).postgresCell, kinds.map(\.queue).postgresCell,
                limits.postgresCell, floors.postgresCell, Self.mostWakes.postgresCell,
            ])
    }

    struct Result {
        struct Leased {
            var lease: Lease
            var waitedSeconds: Double
            /// Microseconds; told only when the look was slow.
            var rank: Int64?
        }

        var leases: [Leased] = []
        var folded = 0
        /// Wakes whose job was being written at that moment; they are folded a little later.
        var leftBehind = 0
        /// Until the next job falls due, when that is soon.
        var next: Duration?
        /// How long the look for due jobs took.
        var look: Duration = .zero

        init() {}

        init(_ rows: Rows, _ database: Database) throws {
            guard let last = rows.last else { return }
            let fence = try last.decode(10, as: Int64?.self) ?? 0
            folded = try last.decode(11)
            leftBehind = try last.decode(12)
            next = try last.decode(13, as: Double?.self).map { .milliseconds($0) }
            look = .milliseconds(try last.decode(14, as: Double.self))
            leases.reserveCapacity(rows.count - 1)
            for row in rows.dropLast() {
                leases.append(try Leased(row, fence: fence, rank: row.decode(9), database))
            }
        }
    }
}

extension Claim.Result.Leased {
    /// - Parameter row: id, address, kind, key, attempt, priority, arguments, microseconds of the wake and since then.
    init(_ row: Row, fence: Int64, rank: Int64?, _ database: Database) throws {
        let woken = Double(try row.decode(7, as: Int64.self)) / 1_000_000
        lease = Lease(
            job: try row.decode(0), fence: fence, kind: try row.decode(2), key: try row.decode(3),
            attempt: try row.decode(4), args: try row.decode(6), priority: try row.decode(5),
            wokenAt: Date(timeIntervalSince1970: woken), address: try row.decode(1), database: database)
        waitedSeconds = Double(try row.decode(8, as: Int64.self)) / 1_000_000
        self.rank = rank
    }
}
