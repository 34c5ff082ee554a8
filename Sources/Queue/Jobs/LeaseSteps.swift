import Postgres

/// What a run notes while it is under way, each under the lease: a run whose lease is lost notes nothing.
extension Lease {
    /// Step memory: what was done in an earlier attempt is not done again. The output is kept until the job is through
    /// (settled, blocked, cancelled) and survives rescue, retry, death and redrive. A crash between the end of `work` and
    /// the note repeats the step, so a step still has to bear its own repetition.
    ///
    /// - Parameters:
    ///   - name: names the step within its job, 1 to 200 characters.
    ///   - work: answers JSON of at most 64 KiB. Of secret kinds it is sealed before it is stored.
    /// - Returns: the output as Postgres writes it, now or of the attempt that did the step.
    /// - Throws: what `work` throws; ``LeaseLost``; ``StepRefused`` for a bad name or output; `PostgresError`.
    public func step(
        _ name: String, isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> String
    ) async throws -> String {
        guard (1...200).contains(name.unicodeScalars.count), !name.contains("\0") else {
            throw StepRefused(lease: self.name, step: name, fault: "its name must have 1 to 200 characters")
        }
        let look: SQL = "select output::text from converged.job_steps where job = \(job) and name = \(name)"
        // Under the lease too: a run that has lost it does not even begin.
        if let done = try await output(in: write([look]).last) { return done }
        let output = try await work()
        guard output.utf8.count <= Self.mostOutputBytes else {
            throw StepRefused(
                lease: self.name, step: name,
                fault: "its output of \(output.utf8.count) bytes is more than \(Self.mostOutputBytes)")
        }
        let stored = try seal?.wrap(output, kind: kind) ?? output
        do {
            let note: SQL = """
                insert into converged.job_steps (job, name, output) values (\(job), \(name), \(stored)::jsonb)
                on conflict do nothing
                """
            return try await self.output(in: write([note, look]).last) ?? output
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") ?? false {
            // The server's words quote the output.
            throw StepRefused(lease: self.name, step: name, fault: "its output is not JSON")
        }
    }

    /// Longer outputs belong elsewhere, and their id here.
    static let mostOutputBytes = 65_536

    private func output(in rows: Rows?) throws -> String? {
        guard let text = try rows?.first?.decode(0, as: String?.self) else { return nil }
        return try seal?.unwrap(text, kind: kind) ?? text
    }

    /// Says how far the run is, for `converged.job_progress`; gone when the job is through.
    ///
    /// - Parameters:
    ///   - done: the part that is done, 0 to 1; nil when nobody knows. What is beyond is taken for the nearest bound.
    ///   - message: cut after 500 characters. No secrets: operators read it.
    /// - Throws: ``LeaseLost``, `PostgresError`.
    public func report(done: Double?, message: String) async throws {
        let done = done.flatMap { $0.isNaN ? nil : min(max($0, 0), 1) }
        let message = String(message.prefix(500)).replacing("\0", with: "")
        try await write([
            """
            insert into converged.job_progress as present (job, done, message) values (\(job), \(done), \(message))
            on conflict (job) do update set done = excluded.done, message = excluded.message, at = converged.now()
            """
        ])
    }
}

/// A step that cannot be remembered. Quotes no output.
public struct StepRefused: Error, Equatable, CustomStringConvertible {
    public let lease: String
    public let step: String
    public let fault: String

    public var description: String { "step \"\(step.prefix(200))\" of \(lease) is refused: \(fault)" }
}
