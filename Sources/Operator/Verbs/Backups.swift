import FoundationEssentials
import Postgres

extension Verbs {
    /// Back-ups, newest first; with an object only its own. Exit code 1 when a newest one failed or is lost.
    public func listBackups(of object: String?, limit: Int) async throws -> Exit {
        var filter: SQL = "true"
        if let object {
            let found = try await backupObject(object, mustExist: false)
            filter = "b.kind = \(found.kind) and b.key = \(found.key)"
        }
        let rows = try await list(
            """
            select b.id, b.kind, b.key, b.name, b.droplet, b.format, b.state, b.bytes, b.entries, b.sha256, b.file,
                b.requested_by, b.requested_at, b.started_at, b.finished_at, b.error,
                \(Self.seconds(since: "coalesce(b.started_at, b.requested_at)")) as age_seconds
            from converged.backups b where \(filter) order by b.id desc limit \(limit)
            """)
        let restores = try await list(
            """
            select b.id, b.backup, b.kind, b.key, b.name, b.droplet, b.state, b.step, b.requested_by, b.requested_at,
                b.finished_at, b.error
            from converged.restores b where \(filter) order by b.id desc limit \(limit)
            """)
        try console.answer(.object(["backups": .array(rows), "restores": .array(restores)])) {
            if rows.isEmpty { console.print("none") }
            let backups =
                Table(
                    [
                        .init("id", nil, .number), .init("kind"), .init("name"), .init("droplet"), .init("state"),
                        .init("bytes", nil, .number), .init("entries", nil, .number), .init("age_seconds", "age", .age),
                        .init("file"), .init("error"),
                    ], rows)
            if !rows.isEmpty { console.print(backups) }
            if rows.count == limit { console.print("… these are the newest \(limit); --limit shows more") }
            guard !restores.isEmpty else { return }
            console.print("")
            console.print("RESTORES")
            console.print(
                Table(
                    [
                        .init("id", nil, .number), .init("backup", nil, .number), .init("kind"), .init("name"),
                        .init("state"), .init("step"), .init("finished_at", "finished", .time), .init("error"),
                    ], restores))
        }
        var seen: Set<String> = []
        let newest = rows.filter { seen.insert("\($0["kind"].line)/\($0["key"].line)").inserted }
        return newest.contains { ["failed", "lost"].contains($0["state"].text) } ? .attention : .ok
    }

    /// Asks for back-ups now; the daemon that serves the droplet makes them. All of the objects or none.
    public func runBackups(of objects: [String]) async throws -> Exit {
        var found: [(kind: String, key: UUID, name: String)] = []
        for object in objects { found.append(try await backupObject(object, mustExist: true)) }
        let asked = try await database.query(
            """
            select converged.request_backup(o.kind, o.key), o.kind, o.name, o.key::text
            from unnest(\(found.map(\.kind))::text[], \(found.map(\.key))::uuid[]) with ordinality as w (kind, key, place)
                join converged.backup_objects o using (kind, key)
            order by place
            """
        ).decode((Int64, String, String, String).self)
        let documents = asked.map { id, kind, name, key in
            JSON.object(["id": .integer(id), "kind": .text(kind), "name": .text(name), "key": .text(key)])
        }
        try console.answer(.array(documents)) {
            for document in documents {
                console.print(
                    "back-up \(document["id"].line) of \(document["kind"].line)/\(document["name"].line) is asked for; "
                        + "`converged backups list \(document["kind"].line)/\(document["name"].line)` shows how it goes"
                )
            }
        }
        return .ok
    }

    /// Wishes that a back-up is put back: to its own object, or to another one of the same kind.
    public func restoreBackup(_ id: Int64, to target: String?) async throws -> Exit {
        var key: UUID?
        if let target {
            let kind = try await database.query("select kind from converged.backups where id = \(id)")
                .column(0, as: String.self).first
            guard let kind else {
                throw VerbError(.unknown, "there is no back-up \(id); `converged backups list` shows them")
            }
            key = try await backupObject(target.contains("/") ? target : "\(kind)/\(target)", mustExist: true).key
        }
        let wish: Int64 = try await database.query("select converged.request_restore(\(id), \(key))").scalar()
        let name: String = try await database.query(
            "select kind || '/' || name from converged.restores where id = \(wish)"
        ).scalar()
        try console.answer(.object(["id": .integer(wish), "backup": .integer(id), "object": .text(name)])) {
            console.print(
                "restore \(wish) of back-up \(id) to \(name) is asked for; what is there now is backed up first; "
                    + "`converged backups list \(name)` shows how it goes")
        }
        return .ok
    }

    /// `pa/ada`, `service/twenty-alpha-db`, or a name alone; an id instead of the name too.
    /// - Parameter mustExist: otherwise objects that only back-ups know are found too.
    private func backupObject(
        _ text: String, mustExist: Bool
    ) async throws -> (kind: String, key: UUID, name: String) {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        let (kind, name) = parts.count == 2 ? (parts[0], parts[1]) : ("", text)
        let known = try await database.query(
            """
            select kind, key, name, droplet, true from converged.backup_objects
            where \(kind) in ('', kind) and \(name) in (name, key::text)
            union
            select kind, key, name, droplet, false from converged.backups b
            where not \(mustExist) and \(kind) in ('', kind) and \(name) in (name, key::text)
                and not exists (select from converged.backup_objects o where o.kind = b.kind and o.key = b.key)
            order by 5 desc, 1, 4, 2
            """
        ).decode((String, UUID, String, String, Bool).self)
        guard let first = known.first else {
            throw VerbError(
                .unknown,
                "there is nothing to back up called '\(text)'; PAs are (`converged pas list`), and services with a row in "
                    + "converged.dumps")
        }
        guard known.count == 1 else {
            let choices = known.map { "\($0.0)/\($0.1.uuidString.lowercased()) on \($0.3)" }.joined(separator: ", ")
            throw VerbError(.unknown, "'\(text)' is more than one: \(choices)")
        }
        return (first.0, first.1, first.2)
    }
}
