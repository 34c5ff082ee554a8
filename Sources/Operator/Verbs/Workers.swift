import Postgres

extension Verbs {
    /// Every daemon: when it was seen, what it runs, whether it takes no new work.
    public func listWorkers(limit: Int) async throws -> Exit {
        try await show(.plain(.worker, limit), limit)
    }

    /// They take no new jobs; what they run ends normally. Heard with the next heartbeat.
    public func drainWorkers(_ names: [String]) async throws -> Exit {
        try await setDraining(names, true) { "\($0) takes no new jobs; \($1) running now will end normally" }
    }

    public func undrainWorkers(_ names: [String]) async throws -> Exit {
        try await setDraining(names, false) { worker, _ in "\(worker) takes jobs again" }
    }

    /// All of them or none.
    private func setDraining(_ names: [String], _ draining: Bool, _ say: (String, Int64) -> String) async throws -> Exit
    {
        let ids = try await findWorkers(names)
        let changed = try await database.query(
            """
            update converged.workers w set draining = \(draining) where id = any (\(ids)::bigint[])
            returning id, name, (select count(*) from converged.jobs j where j.worker = w.id and j.state = 'running')
            """
        ).decode((Int64, String, Int64).self).sorted { $0.0 < $1.0 }
        let said = changed.map { (id: $0.0, message: say("worker \($0.0) (\($0.1))", $0.2)) }
        try console.answer(.array(said.map { .object(["id": .integer($0.id), "message": .text($0.message)]) })) {
            for (_, message) in said { console.print(message) }
        }
        return .ok
    }

    /// By number or by name; several may have the same name.
    private func findWorkers(_ names: [String]) async throws -> [Int64] {
        let known = try await database.query("select id, name from converged.workers order by id")
            .decode((Int64, String).self)
        return try names.flatMap { name in
            let found = known.filter { name == $0.1 || name == String($0.0) }
            guard !found.isEmpty else {
                throw VerbError(
                    .unknown,
                    "there is no worker '\(name)'\(Spelling.suggest(name, among: known.map(\.1))); "
                        + "`converged workers list` shows them")
            }
            return found.map(\.0)
        }
    }
}
