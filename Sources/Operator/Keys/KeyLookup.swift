import Postgres

extension Verbs {
    /// The one object that a KEY means. Exact names win over the beginning of an id.
    func resolve(_ text: String) async throws -> Key {
        let reference = try KeyReference(text)
        if KeyReference.fleets.contains(reference.kind) { return try await resolve(fleet: reference) }
        let found = try await findMachines(named: reference.name)
        let exact = found.filter { $0["exact"].bool }
        let matches = exact.isEmpty ? found : exact
        if matches.count == 1, let key = matches[0]["key"].text { return Key(kind: "machine", key: key) }
        if matches.isEmpty {
            if try await isRemembered(reference.name) { return Key(kind: "machine", key: reference.name.lowercased()) }
            throw VerbError(
                .unknown, "no machine is called '\(reference.name)'\(try await suggest(for: reference.name))")
        }
        throw VerbError(.unknown, Self.explainAmbiguity(reference.name, matches))
    }

    /// `survey/accept` is an operator's word that the machines missing now are really gone.
    private func resolve(fleet reference: KeyReference) async throws -> Key {
        let profiles: [String] = try await database.query("select name from converged.machine_profiles order by name")
            .column(0)
        let names =
            reference.kind == "survey" ? ["fly", "accept"] : ["fly"] + profiles.map { "profile/\($0)" }
        guard names.contains(reference.name) else {
            throw VerbError(
                .unknown,
                "there is no \(reference.kind)/\(reference.name)\(Spelling.suggest(reference.name, among: names)) "
                    + "(\(names.map { "\(reference.kind)/\($0)" }.joined(separator: ", ")))")
        }
        return Key(kind: reference.kind, key: reference.name)
    }

    private func findMachines(named name: String) async throws -> [JSON] {
        try await list(
            """
            select key, name, app, short_id, email, status,
                key = lower(\(name)) or app = \(name) or name = \(name) or short_id = lower(\(name))
                    or lower(email) = lower(\(name)) as exact
            from converged.objects
            where kind = 'machine' and (
                key = lower(\(name)) or app = \(name) or name = \(name) or short_id = lower(\(name))
                or lower(email) = lower(\(name)) or length(\(name)) >= 4 and starts_with(key, lower(\(name))))
            order by exact desc, key limit 200
            """)
    }

    /// A machine whose row is gone still has its events for 90 days.
    private func isRemembered(_ name: String) async throws -> Bool {
        try await database.query(
            "select exists (select from converged.events where kind = 'machine' and key = lower(\(name)))"
        ).scalar()
    }

    private func suggest(for name: String) async throws -> String {
        let known = try await list(
            "select key, name, app, short_id, email from converged.objects where kind = 'machine' order by key limit 5000"
        )
        let names = Set(known.flatMap { row in row.members.values.compactMap(\.text) })
        let nearest = Spelling.suggest(name, among: names.sorted())
        return nearest.isEmpty ? "; `converged get machines` lists them all" : nearest
    }

    private static func explainAmbiguity(_ name: String, _ matches: [JSON]) -> String {
        let shown = matches.prefix(10).map { match in
            let names = ["name", "app", "email"].compactMap { match[$0].text }.joined(separator: ", ")
            return "  machine/\(match["key"].line)  \(names)"
        }
        let more = matches.count > 10 ? ["  … and \(matches.count - 10) more"] : []
        return (["'\(name)' means \(matches.count) machines; name one of:"] + shown + more).joined(separator: "\n")
    }
}
