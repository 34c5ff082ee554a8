import Postgres

extension Verbs {
    /// The one object that a KEY means. Exact names win over the beginning of an id.
    func resolve(_ text: String) async throws -> Key {
        let reference = try KeyReference(text)
        if KeyReference.fleets.contains(reference.kind) { return try await resolve(fleet: reference) }
        let found = try await findObjects(reference)
        let exact = found.filter { $0["exact"].bool }
        let matches = exact.isEmpty ? found : exact
        if matches.count == 1, let key = matches[0]["key"].text {
            return Key(kind: reference.kind, key: key, jobKind: matches[0]["job_kind"].text)
        }
        if matches.isEmpty {
            if try await isRemembered(reference) { return Key(kind: reference.kind, key: reference.name.lowercased()) }
            let noun = reference.kind == "pa" ? "PA" : reference.kind
            throw VerbError(.unknown, "no \(noun) is called '\(reference.name)'\(try await suggest(for: reference))")
        }
        throw VerbError(.unknown, Self.explainAmbiguity(reference, matches))
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

    private func findObjects(_ reference: KeyReference) async throws -> [JSON] {
        try await list(
            """
            select key, names, droplet, job_kind, key = lower(\(reference.name)) or lower(\(reference.name)) = any (names) as exact
            from converged.objects
            where kind = \(reference.kind) and (
                key = lower(\(reference.name)) or lower(\(reference.name)) = any (names)
                or length(\(reference.name)) >= 4 and kind not in ('droplet', 'rollout') and starts_with(key, lower(\(reference.name))))
            order by exact desc, droplet, key limit 200
            """)
    }

    /// An object whose row is gone still has its events for 90 days.
    private func isRemembered(_ reference: KeyReference) async throws -> Bool {
        try await database.query(
            """
            select exists (select from converged.events
                where kind = \(reference.kind) and key = lower(\(reference.name)))
            """
        ).scalar()
    }

    /// A bare name of something that is no machine is told with its kind.
    private func suggest(for reference: KeyReference) async throws -> String {
        let others: [String] = try await database.query(
            """
            select kind || '/' || name from converged.objects
            where lower(\(reference.name)) = any (names) and kind <> \(reference.kind) order by 1 limit 3
            """
        ).column(0)
        if !others.isEmpty { return "; did you mean \(others.joined(separator: " or "))?" }
        let known: [String] = try await database.query(
            """
            select distinct unnest(names || key) from (
                select key, names from converged.objects where kind = \(reference.kind) order by key limit 5000) every
            order by 1
            """
        ).column(0)
        let nearest = Spelling.suggest(reference.name, among: known)
        return nearest.isEmpty ? "; `converged get \(reference.kind)s` lists them all" : nearest
    }

    private static func explainAmbiguity(_ reference: KeyReference, _ matches: [JSON]) -> String {
        let shown = matches.prefix(10).map { match in
            // A service is told from its namesakes by its droplet.
            let key = reference.kind == "service" ? "\(match["droplet"].line)/\(reference.name)" : match["key"].line
            return "  \(reference.kind)/\(key)  \(match["names"].line)"
        }
        let more = matches.count > 10 ? ["  … and \(matches.count - 10) more"] : []
        let head = "'\(reference.name)' means \(matches.count) \(reference.kind)s; name one of:"
        return ([head] + shown + more).joined(separator: "\n")
    }
}
