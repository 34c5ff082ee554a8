import Postgres

/// What may run at once; nil: no such limit.
public struct NewLimit: Sendable {
    public var running: Int?
    public var ratePerSecond: Double?
    public var burst: Int?
    /// Of a kind only.
    public var perLane: Int?

    public init(running: Int? = nil, ratePerSecond: Double? = nil, burst: Int? = nil, perLane: Int? = nil) {
        self.running = running
        self.ratePerSecond = ratePerSecond
        self.burst = burst
        self.perLane = perLane
    }
}

extension Verbs {
    /// Queues, then kinds: how many jobs in which state, how long the oldest due one waits, limits and pauses.
    public func listQueues(limit: Int) async throws -> Exit {
        try await show(
            Listing(
                sql: """
                    select *, \(Self.seconds(since: "oldest_due_at")) as oldest_due_seconds,
                        nullif(concat_ws(', ', max_running || ' running', rate_per_second || '/s (burst ' || burst || ')',
                            max_per_lane || ' a lane'), '') as limits,
                        paused_by || coalesce(': ' || nullif(pause_reason, ''), '') as paused
                    from converged.queue_list order by scope desc, name limit \(limit)
                    """,
                columns: [
                    .init("scope"), .init("name"), .init("waiting", nil, .number), .init("ready", nil, .number),
                    .init("running", nil, .number), .init("dead", nil, .number),
                    .init("oldest_due_seconds", "oldest due", .age), .init("limits"), .init("paused", "paused by"),
                ]), limit)
    }

    /// All of them or none.
    public func pauseQueues(_ names: [String], reason: String) async throws -> Exit {
        try await changeQueues(names, "converged.pause_queue(name, \(reason))")
    }

    /// All of them or none.
    public func resumeQueues(_ names: [String]) async throws -> Exit {
        try await changeQueues(names, "converged.resume_queue(name)")
    }

    /// The limits become these; what is nil is taken away.
    public func limitQueue(_ name: String, _ new: NewLimit) async throws -> Exit {
        try await limit("queue", name, new)
    }

    /// The same for a kind of job, in whichever queue. Kinds that nobody ever ran or enqueued are refused: a limit of a
    /// misspelt kind would hold nothing back.
    public func limitKind(_ name: String, _ new: NewLimit) async throws -> Exit {
        let known: [String] = try await database.query(
            "select name from converged.queue_list where scope = 'kind' order by name"
        ).column(0)
        let members = known.filter { $0.hasPrefix(name + "@") }
        if !members.isEmpty, !known.contains(name) {
            throw VerbError(
                .unknown,
                "'\(name)' is a family of kinds, and a limit is of one: \(members.joined(separator: ", ")); limit each by its name"
            )
        }
        guard known.contains(name) else {
            throw VerbError(
                .unknown,
                "'\(name)' is no kind of job\(Spelling.suggest(name, among: known)); `converged queues list` shows them"
            )
        }
        return try await limit("kind", name, new)
    }

    private func limit(_ scope: String, _ name: String, _ new: NewLimit) async throws -> Exit {
        try await change(
            """
            select converged.set_limit(\(scope), \(name), max_running => \(new.running)::integer,
                rate_per_second => \(new.ratePerSecond)::float8, burst => \(new.burst)::integer,
                max_per_lane => \(new.perLane)::integer)
            """)
    }

    private func changeQueues(_ names: [String], _ call: SQL) async throws -> Exit {
        let said = try await database.query(
            "select name, \(call) from unnest(\(names)::text[]) with ordinality as given (name, place) order by place"
        ).decode((String, String).self)
        try console.answer(.array(said.map { .object(["name": .text($0.0), "message": .text($0.1)]) })) {
            for (_, message) in said { console.print(message) }
        }
        return .ok
    }
}
