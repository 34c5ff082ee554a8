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
        for (index, job) in jobs.enumerated() {
            if let fault = job.fault { throw JobRefused(place: index + 1, fault: fault) }
        }
        let isDue = try await database.withConnection { connection in
            var rows = CopiedRows(try await KnownPlaces(connection, Set(jobs.map(\.kind))))
            for (index, job) in jobs.enumerated() {
                if let fault = rows.append(job, args: try sealedArgs(job)) {
                    throw JobRefused(place: index + 1, fault: fault)
                }
            }
            try await connection.copyIn(CopiedRows.statement, [rows.bytes])
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

/// Jobs in COPY's text format.
struct CopiedRows {
    static let statement = """
        copy converged.jobs
            (kind, queue, priority, run_at, rank, woken_at, created_at, max_attempts, lane, args) from stdin
        """

    private(set) var bytes: [UInt8] = []
    private(set) var isAnyDue = false
    private let known: KnownPlaces
    /// Jobs of a bulk are much alike: the columns before `args` are mostly those of the job before.
    private var last: NewJob?
    private var prefix: [UInt8] = []

    init(_ known: KnownPlaces) { self.known = known }

    /// - Returns: why it was refused, if it was.
    mutating func append(_ job: NewJob, args: String?) -> String? {
        let kind = known.kinds[job.kind]
        if kind?.isSecret == true, args != nil, args == job.args, args?.hasPrefix(#"{"sealed": ""#) != true {
            return "args of kind \(job.kind) are secret and must come sealed"
        }
        if let args, args.utf8.count > NewJob.mostArgsBytes {
            return "sealed args of \(args.utf8.count) bytes are more than \(NewJob.mostArgsBytes)"
        }
        var alike = job
        alike.args = nil
        if alike != last {
            let queue = job.queue ?? kind?.queue ?? "default"
            if let own = kind?.queue, queue != own {
                return "kind \(job.kind) belongs to queue \(own), not to \(queue)"
            }
            guard known.queues.contains(queue) else { return "there is no queue \"\(queue)\"" }
            describe(job, queue, kind)
            last = alike
        }
        bytes.append(contentsOf: prefix)
        append(args, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
        return nil
    }

    private mutating func describe(_ job: NewJob, _ queue: String, _ kind: KnownPlaces.Kind?) {
        let wanted = job.runAt ?? job.delay.map { known.now + $0 / .seconds(1) } ?? known.now
        let due = max(wanted, Self.earliest)
        isAnyDue = isAnyDue || due <= known.now
        let priority = job.priority ?? 4
        prefix.removeAll(keepingCapacity: true)
        for text in [job.kind, queue, String(priority)] { append(text, to: &prefix, isLast: false) }
        for time in [due, due + Double(priority) * 15, known.now, known.now] {
            _ = time.appendPostgresText(to: &prefix)
            prefix.append(UInt8(ascii: "\t"))
        }
        append((job.maxAttempts ?? kind?.maxAttempts).map(String.init), to: &prefix, isLast: false)
        append(job.lane, to: &prefix, isLast: false)
    }

    /// 2000-01-01, as `converged.enqueue` has it.
    private static let earliest = Date(timeIntervalSince1970: 946_684_800)

    private func append(_ text: String?, to row: inout [UInt8], isLast: Bool = true) {
        if let text {
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\\"): row.append(contentsOf: [byte, byte])
                case UInt8(ascii: "\n"): row.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
                case UInt8(ascii: "\r"): row.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
                case UInt8(ascii: "\t"): row.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
                default: row.append(byte)
                }
            }
        } else {
            row.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "N")])
        }
        if !isLast { row.append(UInt8(ascii: "\t")) }
    }
}
