import FoundationEssentials
import Postgres

/// Puts work into the queue from Swift. Args of secret kinds are sealed here: the database never sees them in clear.
public struct JobClient: Sendable {
    let database: Database
    let seal: ArgumentSeal?
    let secretKinds: Set<String>

    /// - Parameters:
    ///   - database: as a role that may call `converged.enqueue`; for ``copy(_:)`` as the daemon's.
    ///   - seal: for the args of `secretKinds`. Postgres refuses those of kinds that it knows as secret unless they came sealed.
    public init(database: Database, seal: ArgumentSeal? = nil, secretKinds: Set<String> = []) {
        self.database = database
        self.seal = seal
        self.secretKinds = secretKinds
    }

    /// - Returns: the id; of the present job when the key is taken.
    /// - Throws: ``SealRefused``; `PostgresError` with 22023, 54000, CV404, CV409.
    @discardableResult public func enqueue(_ job: NewJob) async throws -> Int64 {
        try await enqueue([job])[0]
    }

    /// All or none, at most 10 000.
    ///
    /// - Returns: their ids in the same order.
    /// - Throws: as ``enqueue(_:)-(NewJob)``; the message names the place of the bad one.
    @discardableResult public func enqueue(_ jobs: [NewJob]) async throws -> [Int64] {
        if jobs.isEmpty { return [] }
        let args = try jobs.map(sealedArgs)
        let needs = jobs.map { $0.needs.isEmpty ? nil : "[\($0.needs.map(String.init).joined(separator: ","))]" }
        // What a job has not is null, which is what enqueue takes for its default.
        let ids: SQL = """
            select unnest(converged.enqueue_many((
                select jsonb_agg(jsonb_build_object('kind', kind, 'args', args::jsonb, 'key', key, 'mode', mode,
                    'queue', queue, 'priority', priority, 'run_at', run_at, 'delay', delay, 'max_attempts', max_attempts,
                    'lane', lane, 'needs', needs::jsonb) order by place)
                from unnest(\(jobs.map(\.kind))::text[], \(args)::text[], \(jobs.map(\.key))::text[],
                    \(jobs.map(\.mode.rawValue))::text[], \(jobs.map(\.queue))::text[],
                    \(jobs.map(\.priority))::integer[], \(jobs.map(\.runAt))::timestamptz[],
                    \(jobs.map(\.delay))::interval[], \(jobs.map(\.maxAttempts))::integer[],
                    \(jobs.map(\.lane))::text[], \(needs)::text[])
                    with ordinality as given (kind, args, key, mode, queue, priority, run_at, delay, max_attempts, lane,
                        needs, place))))
            """
        return try await database.query(ids).column(0)
    }

    /// What goes to the database as `args`.
    func sealedArgs(_ job: NewJob) throws -> String? {
        guard let args = job.args, secretKinds.contains(job.kind) else { return job.args }
        guard let seal else { throw SealRefused(kind: job.kind, fault: "this client has no key ring") }
        do {
            return try seal.wrap(args, kind: job.kind)
        } catch let refusal as SealRefused {
            throw refusal
        } catch {
            throw SealRefused(kind: job.kind, fault: "they do not seal (\(type(of: error)))")
        }
    }
}
