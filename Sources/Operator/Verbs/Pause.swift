import Postgres

extension Verbs {
    /// Stops new runs of a kind, or of one key; running ones end normally.
    public func pause(_ target: String, reason: String) async throws -> Exit {
        let (kind, key) = try await findTarget(target)
        return try await change("select converged.pause(\(kind), \(key), \(reason))")
    }

    public func resume(_ target: String) async throws -> Exit {
        let (kind, key) = try await findTarget(target)
        return try await change("select converged.resume(\(kind), \(key))")
    }

    /// A kind of job (a worker runs it, or jobs of it wait), or a KEY.
    private func findTarget(_ text: String) async throws -> (kind: String, key: String) {
        if text.contains("/") {
            let key = try await resolve(text)
            return (key.job.kind, key.job.key)
        }
        let kinds: [String] = try await database.query(
            """
            select unnest(kinds) from converged.workers union select kind from converged.jobs
            union select kind from converged.pauses
            """
        ).column(0)
        let known = Set(kinds).union(["machine", "survey"])
        if known.contains(text) { return (text, "") }
        if known.contains(Kind.singular(text)) { return (Kind.singular(text), "") }
        throw VerbError(
            .unknown,
            "'\(text)' is no kind of job\(Spelling.suggest(text, among: known.sorted())) "
                + "(\(known.sorted().joined(separator: ", "))); one object is written machine/NAME")
    }

    /// A function of the queue that answers in words.
    func change(_ sql: SQL) async throws -> Exit {
        let message = try await database.query(sql).scalar(as: String.self)
        try console.answer(.object(["message": .text(message)])) { console.print(message) }
        return .ok
    }
}
