import Foundation
import Postgres
import Support

/// One user with one machine, as the web app knows it.
struct Assistant: Sendable, Hashable {
    let id: UUID
    let user: UUID
    let shortID: String
    let profile: String

    /// The app that the profiles of the schema give it.
    var app: String { profile == "molt" ? "molt-os-bots" : "automna-u-\(shortID)" }
    var machineName: String { (profile == "molt" ? "bot-" : "gateway-") + shortID }
    var key: String { id.uuidString.lowercased() }
}

/// What the web app does, as its own role.
extension Platform {
    /// - Parameter columns: further desired columns as SQL: `["image": "'nginx'"]`.
    func signUp(
        _ count: Int = 1, profile: String = "automna", _ columns: [String: String] = [:]
    ) async throws -> [Assistant] {
        let names = columns.keys.sorted()
        let extra = (names.map { ", \($0)" }.joined(), names.map { ", \(columns[$0] ?? "null")" }.joined())
        let rows = try await web.query(
            """
            with new_users as (
                insert into converged.users (email)
                select gen_random_uuid() || '@example.com' from generate_series(1, \(count)) returning id, short_id
            ), new_machines as (
                insert into converged.machines (user_id, profile, agentmail_inbox_id\(raw: extra.0))
                select id, \(profile), short_id || '@mail.example.com'\(raw: extra.1) from new_users returning id, user_id
            )
            select m.id, u.id, u.short_id from new_machines m join new_users u on u.id = m.user_id
            """)
        return try rows.decode((UUID, UUID, String).self).map {
            Assistant(id: $0, user: $1, shortID: $2, profile: profile)
        }
    }

    /// Sets desired columns, written as SQL: `"image = 'nginx'"`.
    func change(_ assistant: Assistant, _ assignments: String) async throws {
        try await web.query("update converged.machines set \(raw: assignments) where id = \(assistant.id)")
    }

    /// One column of a machine's row as text.
    func column(_ name: String, of assistant: Assistant) async throws -> String? {
        try await admin.query("select (\(raw: name))::text from converged.machines where id = \(assistant.id)").scalar()
    }

    func count(_ sql: SQL) async throws -> Int { try await admin.query(sql).scalar() }

    struct Condition: Sendable, Equatable {
        var status: String
        var reason: String
        var message: String
    }

    func condition(_ key: String, _ type: String = "Ready", kind: String = "machine") async throws -> Condition? {
        let rows = try await admin.query(
            "select status, reason, message from converged.conditions where kind = \(kind) and key = \(key) and type = \(type)"
        )
        return try rows.decode((String, String, String).self).first.map {
            Condition(status: $0, reason: $1, message: $2)
        }
    }
}
