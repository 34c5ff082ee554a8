import Foundation

/// A client that enqueues at a steady pace, on libpq and a thread of its own.
struct Sender: Sendable {
    /// Jobs `first...last`, sent to the server and acknowledged as committed at these times.
    struct Mark: Sendable {
        var first: Int64
        var last: Int64
        var sent: Int64
        var committed: Int64
    }

    var url: String
    /// One transaction that answers with the first and the last id, which have no gap between them.
    var statement: String
    var intervalMilliseconds: Double

    /// One job a transaction, as a client enqueues it.
    static func single(_ rig: QueueRig, every milliseconds: Double) -> Sender {
        Sender(
            url: rig.url(user: "converged_web"), statement: "select id, id from converged.enqueue('noop') as id",
            intervalMilliseconds: milliseconds)
    }

    /// Many jobs a transaction, straight into a table.
    static func rows(
        _ rig: QueueRig, into table: String = "converged.jobs", batch: Int = 1, every milliseconds: Double
    ) -> Sender {
        let payload = batch == 1 ? "concat_ws(' ', min(id), translate(min(ctid)::text, ',()', ' '), 'noop')" : "''"
        return Sender(
            url: rig.url(),
            statement: """
                with made as (
                    insert into \(table) (\(QueueRig.columns)) select \(QueueRig.values())
                    from generate_series(1, \(batch)) returning id, ctid)
                select min(id), max(id), pg_notify('converged_jobs', \(payload)) from made
                """, intervalMilliseconds: milliseconds)
    }

    /// Starts are on a fixed grid: one that is late does not delay the next.
    func run(seconds: Double) async throws -> [Mark] {
        try await onThread {
            let session = try Session(url)
            try session.prepare("enqueue", statement)
            var marks: [Mark] = []
            let begun = monotonicNanoseconds()
            for turn in 0..<Int(seconds * 1_000 / intervalMilliseconds) {
                let wait = begun + Int64(Double(turn) * intervalMilliseconds * 1e6) - monotonicNanoseconds()
                if wait > 0 { usleep(UInt32(wait / 1_000)) }
                let sent = monotonicNanoseconds()
                let row = try session.run(prepared: "enqueue")[0]
                guard let first = Int64(row[0]), let last = Int64(row[1]) else {
                    throw Mishap(description: "the enqueue answered \(row)")
                }
                marks.append(Mark(first: first, last: last, sent: sent, committed: monotonicNanoseconds()))
            }
            return marks
        }
    }
}

/// From the commit of an enqueue (or from its sending) to the start of the handler, ms.
struct Latencies: Sendable {
    let milliseconds: [Double]

    /// - Throws: `Mishap` when a job that was sent never began.
    init(_ marks: [Sender.Mark], _ starts: [StartLog.Start], since: KeyPath<Sender.Mark, Int64> = \.committed) throws {
        let times = Dictionary(starts.map { ($0.job, $0.nanoseconds) }) { first, _ in first }
        milliseconds = try marks.flatMap { mark in
            try (mark.first...mark.last).map { job in
                guard let start = times[job] else { throw Mishap(description: "job \(job) never began") }
                // A worker may be told of the commit before its client is.
                return max(0, Double(start - mark[keyPath: since]) / 1e6)
            }
        }
    }
}
