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

    /// What holds an object's job back, as json or null: its queue, its kind, or itself.
    static func pause(of key: Key) -> SQL {
        """
        (select row_to_json(p) from (
            select nullif(queue, '') as queue, nullif(kind, '') as kind, nullif(key, '') as key, reason, paused_by, paused_at
            from converged.pauses
            where kind = \(key.job.kind) and key in ('', \(key.job.key))
                or kind = converged.kind_family(\(key.job.kind)) and key = ''
                or queue = (select k.queue from converged.kinds k where k.name = \(key.job.kind))
            order by pauses.queue desc, pauses.key desc limit 1) p)
        """
    }

    /// A kind of job (a worker runs it, or jobs of it wait; `pa` is pa@… of every droplet), or a KEY.
    private func findTarget(_ text: String) async throws -> (kind: String, key: String) {
        if text.contains("/") {
            let key = try await resolve(text)
            return (key.job.kind, key.job.key)
        }
        let kinds: [String] = try await database.query(
            """
            select unnest(kinds) from converged.workers union select kind from converged.jobs
            union select kind from converged.pauses where kind <> ''
            union select converged.kind_at(family, name) from converged.droplets,
                unnest(array['pa', 'service', 'survey', 'routes', 'backup', 'plan']) as family
            """
        ).column(0)
        let families = kinds.map { String($0.prefix { $0 != "@" }) }
        let known = Set(kinds).union(families).union(["machine", "survey", "pa", "service"])
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
