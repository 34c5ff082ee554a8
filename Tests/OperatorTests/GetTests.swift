import Postgres
import Support
import Testing

@testable import Operator

@Suite struct GetTests {
    @Test func everyKindIsListedForPeopleAndPrograms() async throws {
        try await Office.open { office in
            try await office.register()
            try await office.record(outcome: "again")
            try await office.daemon.query(
                """
                insert into converged.orphans (vendor, type, id, app, first_seen, last_seen)
                values ('fly', 'machine', 'm1', 'automna-u-old', converged.now(), converged.now())
                """)
            _ = try await office.read { try await $0.pause("machine/1d4f06a2", reason: "test") }
            let counts: [Kind: Int] = [
                .machine: 2, .user: 2, .profile: 2, .condition: 1, .event: 2, .orphan: 1, .worker: 1, .job: 0,
                .pause: 1,
            ]
            for kind in Kind.allCases {
                let (exit, document) = try await office.ask { try await $0.get(kind, name: nil, limit: 100) }
                #expect(exit == .ok)
                #expect(document.items.count == counts[kind, default: 0], "\(kind)")
                let lines = try await office.read { try await $0.get(kind, name: nil, limit: 100) }.text.split(
                    separator: "\n")
                #expect(lines.count == max(1, document.items.count + (document.items.isEmpty ? 0 : 1)), "\(kind)")
            }
        }
    }

    @Test func oneOfAKindIsShownWhole() async throws {
        try await Office.open { office in
            for (kind, name) in [(Kind.machine, "ada@example.com"), (.user, "ADA@example.com"), (.profile, "molt")] {
                let (exit, document) = try await office.ask { try await $0.get(kind, name: name, limit: 1) }
                #expect(exit == .ok)
                #expect(!document.members.isEmpty)
                let text = try await office.read { try await $0.get(kind, name: name, limit: 1) }.text
                #expect(text.contains("generation") || kind == .user)
            }
        }
    }

    @Test func tokensAndPrivateValuesAreNotShown() async throws {
        try await Office.open { office in
            try await office.daemon.query("update converged.machines set gateway_token = 'sealed-token'")
            let (_, document) = try await office.ask { try await $0.get(.machine, name: "1d4f06a2", limit: 1) }
            let text = try document.document()
            #expect(document["env_names"].line == "PRIVATE_NAME")
            #expect(!text.contains("private-value"))
            #expect(!text.contains("sealed-token"))
        }
    }

    @Test func conditionsAndEventsBelongToAKeyOrAReason() async throws {
        try await Office.open { office in
            try await office.record(outcome: "blocked", reason: "QuotaExceeded")
            try await office.record(machine: Office.bobsMachine, outcome: "again")
            func keys(_ kind: Kind, _ name: String) async throws -> [String] {
                try await office.ask { try await $0.get(kind, name: name, limit: 10) }.document.items
                    .compactMap { $0["key"].text }
            }
            #expect(try await keys(.condition, "QuotaExceeded") == [Office.adasMachine])
            #expect(try await keys(.condition, "machine/2e5a17b3") == [Office.bobsMachine])
            #expect(try await keys(.event, "2e5a17b3") == [Office.bobsMachine])
            #expect(try await keys(.event, "Requested").count == 2)
        }
    }

    @Test func theLimitIsToldAndUnknownNamesAreRefused() async throws {
        try await Office.open { office in
            let text = try await office.read { try await $0.get(.user, name: nil, limit: 1) }.text
            #expect(text.contains("these are the first 1"))
            for kind in [Kind.user, .profile, .orphan, .worker, .pause, .job] {
                let error = await #expect(throws: VerbError.self) {
                    try await office.read { try await $0.get(kind, name: "nobody", limit: 1) }
                }
                #expect(error?.exit == .unknown)
            }
        }
    }
}
