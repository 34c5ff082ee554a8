import Postgres

/// Which wanted records; nil: all.
public struct NameFilter: Sendable {
    public var domain: String?
    public var droplet: String?

    public init(domain: String? = nil, droplet: String? = nil) {
        self.domain = domain
        self.droplet = droplet
    }
}

extension Verbs {
    /// The records that the rows want, without asking anybody.
    public func listNames(_ filter: NameFilter) async throws -> Exit {
        let rows = try await wantedNames(filter)
        try answer(rows, Self.nameColumns)
        return .ok
    }

    /// The same, and how each stands by a look-up: `attention` when one is missing or wrong, `temporary` when the resolver
    /// gave no answer for some and the others are right. At most eight look-ups at a time.
    public func checkNames(
        _ filter: NameFilter, lookUp: @escaping @Sendable (String) async -> NameAnswer
    ) async throws -> Exit {
        var rows = try await wantedNames(filter)
        let wanted = rows.map { WantedName(name: $0["name"].line, address: $0["address"].line) }
        let checks = await Self.check(wanted, lookUp)
        for (index, check) in checks.enumerated() {
            rows[index]["state"] = .text(check.state.rawValue)
            rows[index]["found"] = .array(check.found.map { .text($0) })
            rows[index]["advice"] = .text(check.advice)
        }
        try answer(rows, Self.nameColumns + [.init("state"), .init("found"), .init("advice")])
        return NameCheck.exit(for: checks.map(\.state))
    }

    private func answer(_ rows: [JSON], _ columns: [Table.Column]) throws {
        try console.answer(.array(rows)) {
            if rows.isEmpty { console.print("none") } else { console.print(Table(columns, rows)) }
        }
    }

    private static var nameColumns: [Table.Column] {
        [.init("name"), .init("type"), .init("value"), .init("object", "for"), .init("droplet")]
    }

    private func wantedNames(_ filter: NameFilter) async throws -> [JSON] {
        if let droplet = filter.droplet { try await assertDroplets([droplet]) }
        return try await list(
            """
            select name, type, value, address, object, droplet, domain from converged.dns_wanted
            where \(filter.domain ?? "") in ('', domain) and \(filter.droplet ?? "") in ('', droplet)
            order by domain, name
            """)
    }

    private static func check(
        _ wanted: [WantedName], _ lookUp: @escaping @Sendable (String) async -> NameAnswer
    ) async -> [NameCheck] {
        await withTaskGroup(of: (Int, NameCheck).self) { group in
            var checks = [NameCheck?](repeating: nil, count: wanted.count)
            for (index, record) in wanted.enumerated() {
                if index >= 8, let (done, check) = await group.next() { checks[done] = check }
                group.addTask { (index, NameCheck(record, await lookUp(record.name))) }
            }
            for await (done, check) in group { checks[done] = check }
            return checks.compactMap { $0 }
        }
    }
}
