import Postgres

extension Verbs {
    /// Lists a kind, or shows the one that is called NAME (for conditions and events: those of an object, or with a reason).
    public func get(_ kind: Kind, name: String?, limit: Int) async throws -> Exit {
        switch kind {
        case .job: return try await getJobs(name: name, limit: limit)
        case .condition, .event:
            let reason = name.flatMap { Self.isReason($0) ? $0 : nil }
            let key = reason == nil ? try await resolveIfGiven(name) : nil
            try await show(
                kind == .event ? .events(of: key, reason, limit) : .conditions(of: key, reason, limit), limit)
        case .machine:
            guard let name else { return try await show(.machines(limit), limit) }
            try showOne(try await list(Listing.machine(try await resolve(name).key)), kind, name)
        case .rollout: return try await showRollouts(name, limit: limit)
        case .pa, .service, .droplet: return try await get(placed: kind, name, limit)
        case .user, .profile, .orphan, .worker, .pause:
            guard let name else { return try await show(.plain(kind, limit), limit) }
            try showOne(try await list(Listing.one(kind, name)), kind, name)
        }
        return .ok
    }

    /// Reasons are CamelCase, names of objects have no capitals.
    private static func isReason(_ text: String) -> Bool {
        text.first?.isUppercase == true && text.allSatisfy { $0.isASCII && $0.isLetter }
    }

    private func resolveIfGiven(_ name: String?) async throws -> Key? {
        guard let name else { return nil }
        return try await resolve(name)
    }

    /// What lives on droplets, and the droplets.
    private func get(placed kind: Kind, _ name: String?, _ limit: Int) async throws -> Exit {
        switch (kind, name) {
        case (.pa, nil): return try await listPAs(PAFilter(), limit: limit)
        case (.pa, .some(let name)): return try await showPA(name)
        case (.service, nil): return try await show(.services(limit), limit)
        case (.service, .some(let name)):
            let key = try await resolve("service/\(name)").key
            try showOne(try await list(Listing.service(key)), kind, name)
            return .ok
        case (_, nil): return try await listDroplets(team: nil, draining: false, limit: limit)
        case (_, .some(let name)): return try await showDroplet(name)
        }
    }

    private func getJobs(name: String?, limit: Int) async throws -> Exit {
        guard let name else { return try await listJobs(limit: limit) }
        guard let id = Int64(name) else { throw VerbError(.unknown, "'\(name)' is no job; jobs have numbers") }
        return try await showJob(id)
    }

    @discardableResult
    func show(_ listing: Listing, _ limit: Int) async throws -> Exit {
        let rows = try await list(listing.sql)
        try console.answer(.array(rows)) {
            if rows.isEmpty { console.print("none") } else { console.print(Table(listing.columns, rows)) }
            if rows.count == limit { console.print("… these are the first \(limit); --limit shows more") }
        }
        return .ok
    }

    private func showOne(_ rows: [JSON], _ kind: Kind, _ name: String) throws {
        guard let row = rows.first else {
            throw VerbError(
                .unknown, "there is no \(kind.rawValue) '\(name)'; `converged get \(kind.plural)` lists them")
        }
        guard rows.count == 1 else {
            throw VerbError(.unknown, "'\(name)' means \(rows.count) \(kind.plural); name one by its id")
        }
        try console.answer(row) { console.print(Self.describe(row)) }
    }

    /// A member a line, empty ones left out.
    static func describe(_ row: JSON) -> String {
        let shown = row.members.filter { !$0.value.line.isEmpty }.sorted { $0.key < $1.key }
        let width = shown.map(\.key.count).max() ?? 0
        return shown.map { name, value in
            name + String(repeating: " ", count: width - name.count) + "  " + value.line
        }.joined(separator: "\n")
    }
}
