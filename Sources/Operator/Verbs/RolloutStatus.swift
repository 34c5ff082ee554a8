import Postgres

extension Verbs {
    /// Of one: batch by batch and PA by PA where it stands, and why. Without a name all of them, the open ones first.
    ///
    /// Ends with ``Exit/attention`` when one of those shown is halted: it waits for a person.
    public func showRollouts(_ name: String?, limit: Int) async throws -> Exit {
        if let name { return try await showRollout(try Self.number(name)) }
        let listing = Listing.rollouts(limit)
        let rows = try await list(listing.sql)
        try console.answer(.array(rows)) {
            if rows.isEmpty { console.print("none") } else { console.print(Table(listing.columns, rows)) }
        }
        return rows.contains { $0["state"].text == "halted" } ? .attention : .ok
    }

    func showRollout(_ id: Int64) async throws -> Exit {
        guard
            var rollout = try await list(
                "select *, \(Self.seconds(since: "changed_at")) as stands_seconds from converged.rollout_list where id = \(id)"
            ).first
        else {
            throw VerbError(.unknown, "there is no rollout \(id); `converged rollout status` lists them")
        }
        let batches = try await list(Self.batches(id))
        let members = try await list(
            """
            select case m.batch when 0 then 'canary' else m.batch::text end as batch, m.name, m.droplet, m.state,
                \(Self.seconds(since: "m.since")) as since_seconds, m.from_image, m.was_ready, m.is_forgiven, m.pa, m.why
            from converged.rollout_members m where m.rollout = \(id) order by m.batch, m.place, m.name
            """)
        rollout["batches"] = .array(batches)
        rollout["members"] = .array(members)
        try console.answer(rollout) {
            console.print(
                "rollout \(id): \(rollout["stands"].line) for \(Table.Style.age(rollout["stands_seconds"].integer ?? 0))"
            )
            for (title, text) in Self.head(rollout) { console.print("  \(title)  \(text)") }
            section("batches", .array(batches), Self.batchColumns)
            section("PAs", .array(members), Self.memberColumns)
            if let advice = Self.advise(rollout, id) {
                console.print("")
                console.print(advice)
            }
        }
        return rollout["state"].text == "halted" ? .attention : .ok
    }

    private static func head(_ rollout: JSON) -> [(String, String)] {
        let whose = ["team", "droplet"].compactMap { name in rollout[name].text.map { "\(name) \($0)" } }
        return [
            ("image", rollout["image"].line), ("of   ", whose.isEmpty ? "all PAs" : whose.joined(separator: ", ")),
            (
                "rules",
                "\(rollout["canaries"].line) canary first, then \(rollout["max_unavailable"].line) a droplet at once, soak "
                    + "\(rollout["soak_s"].line) s, \(rollout["failure_budget"].line) may fail"
            ),
            ("why  ", rollout["why"].line),
        ]
    }

    private static func advise(_ rollout: JSON, _ id: Int64) -> String? {
        guard rollout["state"].text == "halted" else { return nil }
        let back = rollout["direction"].text == "forward" ? ", or `converged rollout revert \(id)`" : ""
        return "halted: `converged why pa/NAME` tells more of a failure; then `converged rollout resume \(id)`\(back)"
    }

    private static let batchColumns: [Table.Column] = [
        .init("name", "batch"), .init("members", "PAs", .number), .init("waiting", nil, .number),
        .init("updating", nil, .number), .init("soaking", nil, .number), .init("arrived", "done", .number),
        .init("failed", nil, .number), .init("skipped", nil, .number), .init("stands"),
    ]

    private static let memberColumns: [Table.Column] = [
        .init("batch"), .init("name"), .init("droplet"), .init("state"), .init("since_seconds", "since", .age),
        .init("from_image", "from"), .init("why"),
    ]
}

extension Listing {
    static func rollouts(_ limit: Int) -> Listing {
        Listing(
            sql: """
                select *, \(Verbs.seconds(since: "changed_at")) as stands_seconds,
                    arrived || ' of ' || members as done from converged.rollout_list
                order by state = 'done', id desc limit \(limit)
                """,
            columns: [
                .init("id", nil, .number), .init("stands"), .init("stands_seconds", "since", .age), .init("done"),
                .init("failed", nil, .number), .init("skipped", nil, .number), .init("team"), .init("droplet"),
                .init("created_by", "by"), .init("image"), .init("why"),
            ])
    }

    static func rollout(_ key: Key) -> SQL {
        """
        select id, image, team, droplet, direction, state, stands, why, batch, batches, members, arrived, failed, skipped,
            generation, observed_generation, created_by, created_at
        from converged.rollout_list where id::text = \(key.key)
        """
    }
}
