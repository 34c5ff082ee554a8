import FoundationEssentials

/// Jobs in COPY's binary format (Postgres documentation, "COPY", file formats), which saves the server the parsing of four
/// times a row. Integers are big-endian, times microseconds since 2000-01-01, a jsonb is its text behind a 1.
struct CopiedRows {
    static let statement = """
        copy converged.jobs
            (kind, queue, priority, run_at, rank, woken_at, created_at, max_attempts, lane, args) from stdin (format binary)
        """
    private static let columns = 10
    private static let opening: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0]

    private(set) var isAnyDue = false
    private let known: KnownPlaces
    private var bytes = opening
    /// The columns before `args`, which are mostly those of the job before.
    private var prefix: [UInt8] = []
    private var needsSeal = false

    init(_ known: KnownPlaces) { self.known = known }

    /// - Parameter isLikeLast: all but its args is as of the job before.
    /// - Returns: why it was refused, if it was.
    mutating func append(_ job: NewJob, args: String?, isLikeLast: Bool) -> String? {
        if !isLikeLast, let fault = describe(job) { return fault }
        if needsSeal, let args, args == job.args, !args.hasPrefix(#"{"sealed": ""#) {
            return "args of kind \(job.kind) are secret and must come sealed"
        }
        bytes.append(contentsOf: prefix)
        guard var args else {
            Self.append(-1 as Int32, to: &bytes)
            return nil
        }
        return args.withUTF8 { text in
            if text.count > NewJob.mostArgsBytes {
                return "sealed args of \(text.count) bytes are more than \(NewJob.mostArgsBytes)"
            }
            Self.append(Int32(text.count + 1), to: &bytes)
            bytes.append(1)
            bytes.append(contentsOf: text)
            return nil
        }
    }

    /// All of it, with what ends it.
    func ended() -> [UInt8] { bytes + [0xff, 0xff] }

    private mutating func describe(_ job: NewJob) -> String? {
        let kind = known.kinds[job.kind]
        let queue = job.queue ?? kind?.queue ?? "default"
        if let own = kind?.queue, queue != own { return "kind \(job.kind) belongs to queue \(own), not to \(queue)" }
        guard known.queues.contains(queue) else { return "there is no queue \"\(queue)\"" }
        needsSeal = kind?.isSecret == true
        let wanted = job.runAt ?? job.delay.map { known.now + $0 / .seconds(1) } ?? known.now
        let due = max(wanted, Self.epoch)
        isAnyDue = isAnyDue || due <= known.now
        let priority = job.priority ?? 4
        prefix.removeAll(keepingCapacity: true)
        Self.append(Int16(Self.columns), to: &prefix)
        append(job.kind)
        append(queue)
        append(number: Int16(priority))
        for time in [due, due + Double(priority) * 15, known.now, known.now] {
            append(number: Int64((time.timeIntervalSince(Self.epoch) * 1_000_000).rounded()))
        }
        if let most = job.maxAttempts ?? kind?.maxAttempts {
            append(number: Int16(most))
        } else {
            Self.append(-1 as Int32, to: &prefix)
        }
        append(job.lane)
        return nil
    }

    /// 2000-01-01, the earliest time of a job, as `converged.enqueue` has it.
    private static let epoch = Date(timeIntervalSince1970: 946_684_800)

    private mutating func append(_ text: String?) {
        guard let text else { return Self.append(-1 as Int32, to: &prefix) }
        Self.append(Int32(text.utf8.count), to: &prefix)
        prefix.append(contentsOf: text.utf8)
    }

    private mutating func append(number: some FixedWidthInteger) {
        Self.append(Int32(number.bitWidth / 8), to: &prefix)
        Self.append(number, to: &prefix)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
