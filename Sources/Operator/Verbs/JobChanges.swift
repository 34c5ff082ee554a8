import Postgres

/// A job as written on the command line; nil: as the kind or the queue has it.
public struct NewJob: Sendable {
    public var kind: String
    /// A JSON object.
    public var args: String?
    public var key: String?
    /// When the key has a job already: reject, keep, replace or wake.
    public var mode = "keep"
    public var queue: String?
    /// 0: a user waits, to 8: whenever there is time.
    public var priority: Int?
    public var delaySeconds: Int?
    public var lane: String?
    /// Jobs that must have settled before.
    public var needs: [Int64] = []

    public init(kind: String) { self.kind = kind }
}

/// Dead jobs to run again; nil: any.
public struct DeadFilter: Sendable {
    public var kind: String?
    public var queue: String?
    /// A part of the error; `%` stands for anything.
    public var error: String?
    /// Those that died within so many seconds.
    public var sinceSeconds: Int?

    public init(kind: String? = nil, queue: String? = nil, error: String? = nil, sinceSeconds: Int? = nil) {
        self.kind = kind
        self.queue = queue
        self.error = error
        self.sinceSeconds = sinceSeconds
    }
}

extension Verbs {
    /// Runs waiting or dead jobs now.
    public func retryJobs(_ ids: [Int64]) async throws -> Exit {
        try await changeJobs(ids) { "select converged.retry(\($0))" }
    }

    /// Takes jobs away, or has their runs stopped.
    public func cancelJobs(_ ids: [Int64]) async throws -> Exit {
        try await changeJobs(ids) { "select converged.cancel(\($0))" }
    }

    /// Dead jobs start again at their first attempt, the longest dead first.
    public func redriveJobs(_ filter: DeadFilter, limit: Int) async throws -> Exit {
        let redriven: Int64 = try await database.query(
            """
            select converged.redrive(kind => \(filter.kind), queue => \(filter.queue),
                error_like => '%' || \(filter.error)::text || '%',
                died_after => converged.now() - \(filter.sinceSeconds)::bigint * interval '1 second',
                most => \(limit)::integer)
            """
        ).scalar()
        try console.answer(.object(["redriven": .integer(redriven)])) {
            console.print(
                redriven == 0
                    ? "no dead job could be started again; `converged jobs list --state dead` shows what is there"
                    : "\(redriven) dead \(redriven == 1 ? "job lives" : "jobs live") again")
        }
        return .ok
    }

    /// Says the job's number and why it waits, so that a kind that nobody runs is noticed at once. Nothing of the
    /// arguments is ever quoted: they may be secret.
    public func enqueueJob(_ new: NewJob) async throws -> Exit {
        if let args = new.args {
            guard case .object? = try? JSON(parsing: args) else {
                throw VerbError(.usage, "the arguments are no JSON object; write them as '{\"days\": 7}'")
            }
        }
        let id: Int64? = try await database.query(
            """
            select converged.enqueue(kind => \(new.kind), args => \(new.args)::jsonb, key => \(new.key), mode => \(new.mode),
                queue => \(new.queue), priority => \(new.priority)::integer,
                delay => \(new.delaySeconds)::bigint * interval '1 second', lane => \(new.lane),
                needs => \(new.needs)::bigint[])
            """
        ).scalar()
        guard let id else {
            try console.answer(.object(["id": .null, "why": .text("woken")])) {
                console.print("woke \(new.kind)/\(new.key ?? ""); a worker makes its job")
            }
            return .ok
        }
        let why = try await database.query("select why from converged.job_list where id = \(id)")
            .column(0, as: String.self).first
        try console.answer(.object(["id": .integer(id), "why": why.map { .text($0) } ?? .null])) {
            console.print("job \(id) of kind \(new.kind): \(why ?? "has ended already")")
        }
        return .ok
    }

    /// Each on its own, so that one that has just ended keeps no other from it; the only one is refused as an error.
    private func changeJobs(_ ids: [Int64], _ statement: (Int64) -> SQL) async throws -> Exit {
        var rows: [JSON] = []
        var exit = Exit.ok
        for id in ids {
            do {
                let message = try await database.query(statement(id)).scalar(as: String.self)
                rows.append(.object(["id": .integer(id), "done": .bool(true), "message": .text(message)]))
            } catch let error as PostgresError
                where ids.count > 1 && ["CV404", "CV409"].contains(error.sqlState)
            {
                exit = .attention
                rows.append(.object(["id": .integer(id), "done": .bool(false), "message": .text(error.message)]))
            }
        }
        try console.answer(.array(rows)) {
            for row in rows { console.print((row["done"].bool ? "" : "! ") + row["message"].line) }
        }
        return exit
    }
}
