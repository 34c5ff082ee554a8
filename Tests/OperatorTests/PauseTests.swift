import Postgres
import Support
import Testing

@testable import Operator

/// pause, resume.
@Suite struct PauseTests {
    @Test func pausingAKindAndAKey() async throws {
        try await Office.open { office in
            try await office.register()
            let kind = try await office.read { try await $0.pause("machines", reason: "incident") }
            #expect(kind.text.hasPrefix("paused machine;"))
            let key = try await office.ask { try await $0.pause("machine/1d4f06a2", reason: "") }
            #expect(key.document["message"].text?.hasPrefix("paused machine/\(Office.adasMachine);") == true)
            let rows = try await office.operators.query(
                "select kind, key, paused_by from converged.pauses order by key")
            #expect(try rows[0].decode((String, String, String).self) == ("machine", "", "converged_operator"))
            #expect(rows.count == 2)
            #expect(try await office.read { try await $0.resume("machine") }.text == "resumed machine\n")
            #expect(try await office.read { try await $0.resume("machine/1d4f06a2") }.exit == .ok)
            #expect(try await office.operators.query("select from converged.pauses").isEmpty)
        }
    }

    @Test func resumingWhatIsNotPausedIsRefused() async throws {
        try await Office.open { office in
            let error = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.resume("machine/1d4f06a2") }
            }
            #expect(error?.sqlState == "CV404")
        }
    }

    @Test func unknownKindsAreRefused() async throws {
        try await Office.open { office in
            let error = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.pause("mschine", reason: "") }
            }
            #expect(error?.message.contains("did you mean machine?") == true)
        }
    }
}
