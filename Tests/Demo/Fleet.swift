import FoundationEssentials
import Postgres

/// What the web app does, in its own SQL and under its own role.
struct Fleet {
    let web: Database

    /// Users with one machine each, of the profiles in turn.
    func signUp(_ count: Int, profiles: [String], label: String) async throws {
        for number in 0..<count {
            let name = "\(label)-\(number)"
            try await web.query(
                """
                with new_user as (
                    insert into converged.users (email, name) values (\(name + "@example.com"), \(name)) returning id)
                insert into converged.machines (user_id, profile, config, agentmail_inbox_id)
                select id, \(profiles[number % profiles.count]), '{"agents": {"defaults": {"workspace": "main"}}}',
                    \(name + "@mail.example.com")
                from new_user
                """)
        }
    }

    func upgrade(to image: String) async throws -> Int {
        try await web.query("update converged.machines set image = \(image)").affected
    }

    func delete(_ label: String) async throws -> Int {
        try await web.query(
            """
            update converged.machines m set deleted_at = converged.now()
            from converged.users u where u.id = m.user_id and u.name like \(label + "-%")
            """
        ).affected
    }

    struct Picture: Equatable {
        var byStatus: [String: Int] = [:]
        var total = 0
        /// In the wanted state and Ready at its newest generation.
        var settled = 0

        /// - Parameter rows: status, how many, how many of them are settled.
        init(_ rows: Rows) throws {
            for row in rows {
                let (status, count, settled) = try row.decode((String, Int, Int).self)
                byStatus[status] = count
                total += count
                self.settled += settled
            }
        }
    }

    func look() async throws -> Picture {
        let rows = try await web.query(
            """
            select m.status, count(*), count(*) filter (where m.status = m.desired_state and c.generation = m.generation)
            from converged.machines m left join converged.conditions c
                on c.kind = 'machine' and c.key = m.id::text and c.type = 'Ready' and c.status = 'True'
            group by m.status
            """)
        return try Picture(rows)
    }
}
