import FoundationEssentials
import Postgres

/// A job held by this worker for one run. See ``QueueSQLState`` for its life.
public struct Lease: Sendable {
    /// What a lease is, behind one reference: leases are copied from hand to hand thousands of times a second.
    private final class Fields: Sendable {
        let job: Int64
        /// Names this lease among all that the job ever has: every write is refused once another one exists.
        let fence: Int64
        let kind: String
        /// nil for jobs without a key.
        let key: String?
        /// Failed attempts before this run.
        let attempt: Int
        /// JSON, as enqueued.
        let args: String?
        /// 0 a user's change … 8 a resync.
        let priority: Int
        /// When the wake was given that made the job due; database time.
        let wokenAt: Date
        /// Where the row is while it runs undisturbed, `(17,3)`: finds it again at less cost than its id.
        let address: String
        let database: Database
        /// Of secret kinds, whose args are clear here: what their steps leave is sealed as well.
        let seal: ArgumentSeal?

        init(
            _ job: Int64, _ fence: Int64, _ kind: String, _ key: String?, _ attempt: Int, _ args: String?,
            _ priority: Int,
            _ wokenAt: Date, _ address: String, _ database: Database, _ seal: ArgumentSeal? = nil
        ) {
            self.job = job
            self.fence = fence
            self.kind = kind
            self.key = key
            self.attempt = attempt
            self.args = args
            self.priority = priority
            self.wokenAt = wokenAt
            self.address = address
            self.database = database
            self.seal = seal
        }
    }

    private let fields: Fields

    public init(
        job: Int64, fence: Int64, kind: String, key: String?, attempt: Int = 0, args: String? = nil, priority: Int = 0,
        wokenAt: Date, address: String = "(0,0)", database: Database
    ) {
        fields = Fields(job, fence, kind, key, attempt, args, priority, wokenAt, address, database)
    }

    private init(fields: Fields) { self.fields = fields }

    public var job: Int64 { fields.job }
    public var fence: Int64 { fields.fence }
    public var kind: String { fields.kind }
    public var key: String? { fields.key }
    public var attempt: Int { fields.attempt }
    public var args: String? { fields.args }
    public var priority: Int { fields.priority }
    public var wokenAt: Date { fields.wokenAt }
    var address: String { fields.address }
    var database: Database { fields.database }
    var seal: ArgumentSeal? { fields.seal }

    /// `machine/1d4f06a2`, or `mail#17` for a job without a key.
    public var name: String { key.map { "\(kind)/\($0)" } ?? "\(kind)#\(job)" }

    /// For the handler of a secret kind.
    func opened(with seal: ArgumentSeal?) throws -> Lease {
        guard let seal else { throw SealRefused(kind: kind, fault: "this worker has no key ring") }
        let args = try args.map { try seal.unwrap($0, kind: kind) }
        return Lease(fields: Fields(job, fence, kind, key, attempt, args, priority, wokenAt, address, database, seal))
    }

    /// One transaction in mid-run, committed only while the lease holds.
    ///
    /// - Throws: ``LeaseLost``, and then nothing was written; `PostgresError` otherwise.
    @discardableResult public func write(_ statements: [SQL]) async throws -> [Rows] {
        do {
            return Array(try await database.batch([assertion] + statements).dropFirst())
        } catch let error as PostgresError where error.sqlState == QueueSQLState.leaseLost {
            throw LeaseLost(name: name, fence: fence)
        }
    }

    /// Raises ``QueueSQLState/leaseLost`` unless the lease holds, and keeps it until the transaction ends.
    var assertion: SQL { SQL("select converged.assert_lease($1, $2)", bind: [job.postgresCell, fence.postgresCell]) }
}

/// Another worker may hold the job by now; this run's result is void. Handlers let it pass.
public struct LeaseLost: Error, Equatable, CustomStringConvertible {
    public let name: String
    public let fence: Int64

    public var description: String {
        "the lease of \(name) under fence \(fence) is lost: nothing was written, the run is void"
    }
}
