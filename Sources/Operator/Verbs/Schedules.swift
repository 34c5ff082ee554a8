import Postgres

/// What a new schedule consists of, as written on the command line.
public struct NewSchedule: Sendable {
    public var name: String
    public var kind: String
    public var spec: String
    public var zone = "UTC"
    public var queue: String?
    /// A JSON object.
    public var args = "{}"
    public var catchUp = "one"
    public var catchUpMost = 10
    /// Nil: what goes with `catchUp`.
    public var overlap: String?
    public var isPaused = false
    public var comment = ""

    public init(name: String, kind: String, spec: String) {
        self.name = name
        self.kind = kind
        self.spec = spec
    }
}

extension Verbs {
    /// Every schedule with its next three ticks.
    public func listSchedules(limit: Int) async throws -> Exit {
        let listing = Listing(
            sql: """
                select *, case when is_paused then 'paused' when last_error is not null then 'failing' else 'on' end as state
                from converged.schedule_list order by name limit \(limit)
                """,
            columns: [
                .init("name"), .init("kind"), .init("spec"), .init("state"), .init("zone"),
                .init("next_local", "next"), .init("last_at", "last", .time), .init("skipped", nil, .number),
                .init("comment"),
            ])
        return try await show(listing, limit)
    }

    public func showSchedule(_ name: String) async throws -> Exit {
        let known = try await findSchedules([name])
        let rows = try await list("select * from converged.schedule_list where name = any(\(known))")
        let row = rows.first ?? .null
        try console.answer(row) {
            console.print(Self.describe(row))
            if let job = row["last_job"].integer {
                console.print("\n`converged jobs show \(job)` tells what became of its last job")
            }
        }
        return .ok
    }

    /// - Parameter replaces: a schedule of that name gets these columns, and keeps its next tick if spec and zone are as before.
    public func addSchedule(_ new: NewSchedule, replaces: Bool) async throws -> Exit {
        guard case .object? = try? JSON(parsing: new.args) else {
            throw VerbError(.usage, "--args '\(new.args)' is no JSON object; write it as '{\"days\": 7}'")
        }
        let conflict: SQL =
            replaces
            ? """
            do update set kind = excluded.kind, spec = excluded.spec, zone = excluded.zone, queue = excluded.queue,
                args = excluded.args, catch_up = excluded.catch_up, catch_up_most = excluded.catch_up_most,
                overlap = excluded.overlap, is_paused = excluded.is_paused, comment = excluded.comment
            """ : "do nothing"
        let added = try await database.query(
            """
            insert into converged.schedules
                (name, kind, spec, zone, queue, args, catch_up, catch_up_most, overlap, is_paused, comment)
            values (\(new.name), \(new.kind), \(new.spec), \(new.zone), \(new.queue), \(new.args)::jsonb, \(new.catchUp),
                \(new.catchUpMost), \(new.overlap), \(new.isPaused), \(new.comment))
            on conflict (name) \(conflict)
            """
        ).affected
        guard added == 1 else {
            throw VerbError(.usage, "there is a schedule \(new.name) already; --replace changes it")
        }
        return try await showSchedule(new.name)
    }

    /// Nil: all that are not paused.
    public func pauseSchedules(_ names: [String]?) async throws -> Exit {
        try await changeSchedules(names, all: "not is_paused", "converged.schedule_pause(name)")
    }

    /// Nil: all that are paused.
    public func resumeSchedules(_ names: [String]?) async throws -> Exit {
        try await changeSchedules(names, all: "is_paused", "converged.schedule_resume(name)")
    }

    /// A job of each now.
    public func runSchedules(_ names: [String]) async throws -> Exit {
        try await changeSchedules(names, all: "false", "converged.schedule_run(name)")
    }

    /// Jobs that they made go on.
    public func removeSchedules(_ names: [String]) async throws -> Exit {
        let known = try await findSchedules(names)
        let gone = try await database.query("delete from converged.schedules where name = any(\(known)) returning name")
            .column(0, as: String.self)
        return try tell(gone.sorted().map { ($0, "removed schedule \($0)") })
    }

    /// One statement: all of them or none.
    private func changeSchedules(_ names: [String]?, all: SQL, _ call: SQL) async throws -> Exit {
        if let names {
            let known = try await findSchedules(names)
            return try await tell(
                "select name, \(call) from unnest(\(known)::text[]) with ordinality as given (name, place) order by place"
            )
        }
        return try await tell("select name, \(call) from converged.schedules where \(all) order by name")
    }

    private func tell(_ select: SQL) async throws -> Exit {
        try tell(try await database.query(select).decode((String, String).self))
    }

    private func tell(_ said: [(name: String, message: String)]) throws -> Exit {
        try console.answer(.array(said.map { .object(["name": .text($0.name), "message": .text($0.message)]) })) {
            for (_, message) in said { console.print(message) }
            if said.isEmpty { console.print("none") }
        }
        return .ok
    }

    /// The names, each once; none may be unknown.
    private func findSchedules(_ names: [String]) async throws -> [String] {
        let known: [String] = try await database.query("select name from converged.schedules").column(0)
        var wanted: [String] = []
        for name in names where !wanted.contains(name) {
            guard known.contains(name) else {
                throw VerbError(
                    .unknown,
                    "there is no schedule '\(name)'\(Spelling.suggest(name, among: known.sorted())); "
                        + "`converged schedules list` shows what is there")
            }
            wanted.append(name)
        }
        return wanted
    }
}
