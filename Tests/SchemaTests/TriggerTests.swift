import Foundation
import Postgres
import Support
import Testing

/// What happens inside the web app's own transaction.
@Suite struct TriggerTests {
    private func user(_ database: Database) async throws -> UUID {
        try await database.query("insert into converged.users (name) values ('Ada') returning id")[0].decode(
            0, as: UUID.self)
    }

    private func count(_ database: Database, _ sql: SQL) async throws -> Int {
        try await database.query(sql)[0].decode(0, as: Int.self)
    }

    @Test func aDesiredChangeBumpsTheGenerationAndWakesTheKey() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        let person = try await user(owner)
        let id = try await owner.query(
            "insert into converged.machines (user_id, profile) values (\(person), 'automna') returning id"
        )[0].decode(0, as: UUID.self)
        try await owner.query("delete from converged.wakes")
        try await owner.query("update converged.machines set status = 'running', fly_app = 'x' where id = \(id)")
        #expect(try await count(owner, "select count(*) from converged.wakes") == 0, "status wakes nobody")
        try await owner.query("update converged.machines set image = 'example/a:1' where id = \(id)")
        try await owner.query("update converged.machines set image = 'example/a:1' where id = \(id)")
        #expect(
            try await count(
                owner, "select count(*) from converged.wakes where urgent and key = \(id.uuidString.lowercased())") == 1
        )
        #expect(try await count(owner, "select generation::int from converged.machines where id = \(id)") == 2)
        let event = try await owner.query(
            "select message from converged.events where key = \(id.uuidString.lowercased()) and reason = 'Changed'")
        #expect(try event[0].decode(0, as: String.self) == "generation 2: image")
        await owner.close()
        try await made.drop()
    }

    @Test func aWakeIsSeenExactlyWhenItsRowIs() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        let person = try await user(owner)
        struct Regret: Error {}
        await #expect(throws: Regret.self) {
            try await owner.transaction { connection in
                try await connection.query(
                    "insert into converged.machines (user_id, profile) values (\(person), 'automna')")
                throw Regret()
            }
        }
        #expect(try await count(owner, "select count(*) from converged.wakes") == 0)
        await owner.close()
        try await made.drop()
    }

    @Test func aTombstoneIsFinalAndFreesTheUsersPlace() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        let person = try await user(owner)
        try await owner.query("insert into converged.machines (user_id, profile) values (\(person), 'automna')")
        await #expect(throws: PostgresError.self, "one machine of a profile per user") {
            try await owner.query("insert into converged.machines (user_id, profile) values (\(person), 'automna')")
        }
        try await owner.query("update converged.machines set deleted_at = now()")
        await #expect(throws: PostgresError.self, "a deletion is final") {
            try await owner.query("update converged.machines set deleted_at = null")
        }
        try await owner.query("insert into converged.machines (user_id, profile) values (\(person), 'automna')")
        #expect(try await count(owner, "select count(*) from converged.machines") == 2)
        await owner.close()
        try await made.drop()
    }

    @Test func shortIDsComeFromTheUsersIDAndNeverCollide() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        let handles = try await owner.query(
            """
            insert into converged.users (id) values
                ('12345678-0000-4000-8000-000000000001'), ('12345678-0000-4000-8000-000000000002')
            returning short_id
            """
        ).map { try $0.decode(0, as: String.self) }
        #expect(handles == ["12345678", "1234567800004000"])
        await #expect(throws: PostgresError.self, "a handle never changes") {
            try await owner.query("update converged.users set short_id = 'another1' where short_id = '12345678'")
        }
        await owner.close()
        try await made.drop()
    }

    @Test func mergeFollowsRFC7396() async throws {
        let made = try await TestDatabase.make()
        let owner = made.open()
        // The RFC's own examples (appendix A): original, patch, result.
        let cases = [
            (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a": "c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a": "b", "b": "c"}"#),
            (#"{"a":"b"}"#, #"{"a":null}"#, "{}"), (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a": "c"}"#),
            (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a": {"b": "d"}}"#),
            (#"{"e":null}"#, #"{"a":1}"#, #"{"a": 1, "e": null}"#),
            (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a": {"bb": {}}}"#),
            (#"["a","b"]"#, #"["c","d"]"#, #"["c", "d"]"#), (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a": "b"}"#),
        ]
        for (original, patch, result) in cases {
            let rows = try await owner.query("select converged.merge(\(original)::jsonb, \(patch)::jsonb)::text")
            #expect(try rows[0].decode(0, as: String.self) == result, "\(original) with \(patch)")
        }
        await owner.close()
        try await made.drop()
    }
}
