import FoundationEssentials
import Postgres

extension JobClient {
    /// Jobs of one ``copy(_:)``.
    public static let mostCopied = 10_000

    /// Bulk by COPY, many times as fast as ``enqueue(_:)-([NewJob])``, for jobs without key and needs: all or none, at most
    /// 10 000 a call. Checked as by `converged.enqueue`, with one reading of `converged.now()` for all of them. The hint goes
    /// out after the commit, so that writers do not queue up behind each other for it.
    ///
    /// Only for the daemon's role: others have no right to write jobs but through the functions.
    ///
    /// - Throws: ``JobRefused``, ``SealRefused``; `PostgresError` (22P02 for args that are no JSON).
    public func copy(_ jobs: [NewJob]) async throws {
        if jobs.isEmpty { return }
        guard jobs.count <= Self.mostCopied else {
            throw JobRefused(place: nil, fault: "\(jobs.count) at once are more than \(Self.mostCopied)")
        }
        // Jobs of a bulk are much alike, and what is as of the job before was looked at.
        let areLikeLast = jobs.indices.map { $0 > 0 && jobs[$0].isAlike(jobs[$0 - 1]) }
        for place in jobs.indices {
            if let fault = (areLikeLast[place] ? nil : jobs[place].fault) ?? jobs[place].argsFault {
                throw JobRefused(place: place + 1, fault: fault)
            }
        }
        let isDue = try await database.withConnection { connection in
            var rows = CopiedRows(try await KnownPlaces(connection, Set(jobs.map(\.kind))))
            for place in jobs.indices {
                let args = try sealedArgs(jobs[place])
                if let fault = rows.append(jobs[place], args: args, isLikeLast: areLikeLast[place]) {
                    throw JobRefused(place: place + 1, fault: fault)
                }
            }
            try await connection.copyIn(CopiedRows.statement, [rows.ended()])
            return rows.isAnyDue
        }
        // The jobs are there: without the hint they are found by the next poll.
        if isDue { _ = try? await database.query("select pg_notify('converged_jobs', '')") }
    }
}

/// What the database knows of kinds and queues, at one moment of its own time.
struct KnownPlaces {
    struct Kind {
        var queue: String
        var maxAttempts: Int?
        var isSecret: Bool
    }

    var kinds: [String: Kind] = [:]
    var queues: Set<String> = []
    var now: Date

    init(_ connection: Connection, _ wanted: Set<String>) async throws {
        let answers = try await connection.batch([
            "select converged.now()", "select name from converged.queues",
            """
            select name, queue, max_attempts, is_secret from converged.kinds
            where name = any(\(wanted.sorted())::text[])
            """,
        ])
        now = try answers[0].scalar()
        queues = Set(try answers[1].column(0, as: String.self))
        for (name, queue, attempts, isSecret) in try answers[2].decode((String, String, Int?, Bool).self) {
            kinds[name] = Kind(queue: queue, maxAttempts: attempts, isSecret: isSecret)
        }
    }
}
