import Postgres

extension Verbs {
    /// The last ends of jobs, and then each as it comes, a line (or a JSON document of one line) an end, until the task
    /// is cancelled.
    ///
    /// An end bears the time of its statement and is seen with its commit: each look therefore goes back a little and
    /// leaves out what the last one saw.
    public func tailJobs(kind: String?, lines: Int, every pause: Duration = .seconds(1)) async throws -> Exit {
        do {
            var from = try await readTime()
            var seen = Set(try await readEnds(kind, since: from).map(\.id))
            for end in try await readLastEnds(kind, lines) {
                seen.insert(end.id)
                console.print(end.line(console.format))
            }
            while true {
                try await Task.sleep(for: pause)
                let now = try await readTime()
                let ends = try await readEnds(kind, since: from)
                for end in ends where !seen.contains(end.id) { console.print(end.line(console.format)) }
                seen = Set(ends.map(\.id))
                from = now
            }
        } catch  where Task.isCancelled {
            return .ok
        }
    }

    private func readTime() async throws -> String {
        try await database.query("select converged.now()::text").scalar()
    }

    private func readEnds(_ kind: String?, since moment: String) async throws -> [JobEnd] {
        try await readEnds(
            """
            select \(Self.columns) from converged.job_history
            where finished_at >= \(moment)::timestamptz - interval '2 seconds' and \(kind ?? "") in ('', kind)
            order by finished_at, job
            """)
    }

    private func readLastEnds(_ kind: String?, _ lines: Int) async throws -> [JobEnd] {
        try await readEnds(
            """
            select * from (
                select \(Self.columns) from converged.job_history where \(kind ?? "") in ('', kind)
                order by finished_at desc, job desc limit \(lines)) latest
            order by finished_at, job
            """)
    }

    private static let columns: SQL = """
        job, kind, key, queue, outcome, attempts, worker, finished_at,
        round(extract(epoch from finished_at - started_at), 3) as run_seconds, message
        """

    private func readEnds(_ select: SQL) async throws -> [JobEnd] {
        try await database.query("select row_to_json(ended)::text from (\(select)) ended")
            .column(0, as: String.self).map { JobEnd(text: $0, row: try JSON(parsing: $0)) }
    }
}

private struct JobEnd {
    /// As Postgres wrote it: one line.
    let text: String
    let row: JSON

    /// A job that is redriven ends again under the same number.
    var id: String { "\(row["job"].line) \(row["finished_at"].line)" }

    func line(_ format: OutputFormat) -> String {
        guard format == .table else { return text }
        let outcome = row["outcome"].line
        let name = row["key"].isNull ? row["kind"].line : "\(row["kind"].line)/\(row["key"].line)"
        let parts = [
            Table.Style.time.show(row["finished_at"]),
            outcome + String(repeating: " ", count: max(0, "cancelled".count - outcome.count)),
            "job \(row["job"].line)", name,
            row["run_seconds"].isNull ? "" : "\(row["run_seconds"].line)s", row["message"].line.oneLine,
        ]
        return parts.filter { !$0.isEmpty }.joined(separator: "  ")
    }
}
