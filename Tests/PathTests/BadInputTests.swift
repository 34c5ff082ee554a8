import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What is wrong with a row is said in the row's condition, costs few calls, and heals when the row is corrected.
@Suite struct BadInputTests {
    struct Mistake: Sendable, CustomTestStringConvertible {
        var columns: [String: String]
        var reason: String
        /// What a person does about it.
        var cure: String
        /// Seen without asking the vendor for anything.
        var isSeenAtOnce = false
        var testDescription: String { "\(columns)" }
    }

    static let mistakes = [
        Mistake(
            columns: ["image": "'not an image!'"], reason: "InvalidImage", cure: "image = null", isSeenAtOnce: true),
        Mistake(columns: ["image": "'ghcr.io/acme/nosuchimage:1'"], reason: "ImagePullFailed", cure: "image = null"),
        Mistake(columns: ["region": "'Berlin'"], reason: "InvalidRegion", cure: "region = 'fra'", isSeenAtOnce: true),
        Mistake(columns: ["region": "'zzz'"], reason: "InvalidRegion", cure: "region = 'fra'"),
        Mistake(columns: ["memory_mb": "65536"], reason: "SpecRefused", cure: "memory_mb = null"),
        Mistake(
            columns: ["env": #"'{"FLY_API_TOKEN": "x"}'"#], reason: "InvalidEnvironment", cure: "env = '{}'",
            isSeenAtOnce: true),
        Mistake(
            columns: ["env": #"'{"NOT A NAME": "x"}'"#], reason: "InvalidEnvironment", cure: "env = '{}'",
            isSeenAtOnce: true),
    ]

    @Test(arguments: mistakes) func aMistakeIsSaidBoundedAndCurable(mistake: Mistake) async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp(1, mistake.columns)[0]
            let condition = try await platform.awaitReason(mistake.reason, of: assistant)
            #expect(condition.status == "False")
            #expect(!condition.message.isEmpty)
            #expect(try await platform.column("status", of: assistant) == "error")
            if mistake.isSeenAtOnce { #expect(platform.mutations.map(\.description) == []) }
            try await platform.awaitSurveys(3)
            #expect(platform.mutations.count < 10, "\(platform.mutations)")

            try await platform.change(assistant, mistake.cure)
            try await platform.awaitSettled(assistant)
            platform.expectClean([assistant])
        }
    }

    @Test func anUnknownProfileWaitsForItsProfile() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp(1, profile: "gold")[0]
            try await platform.awaitReason("UnknownProfile", of: assistant)
            try await platform.awaitSurveys(2)
            #expect(platform.mutations.map(\.description) == [])
            try await platform.admin.query(
                """
                insert into converged.machine_profiles
                select (jsonb_populate_record(p, '{"name": "gold", "memory_mb": 1024}')).*
                from converged.machine_profiles p where name = 'automna'
                """)
            try await platform.awaitSettled(assistant)
            #expect(try platform.machine(assistant).config["guest"]?["memory_mb"] == 1024)
        }
    }

    @Test func aVolumeDoesNotShrink() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp(1, ["volume_gb": "3"])[0]
            try await platform.awaitSettled(assistant)
            platform.fly.clearLedger()
            try await platform.change(assistant, "volume_gb = 1")
            try await platform.awaitReason("VolumeCannotShrink", of: assistant)
            try await platform.awaitSurveys(2)
            #expect(platform.mutations.map(\.description) == [])
            try await platform.change(assistant, "volume_gb = 4")
            try await platform.awaitSettled(assistant)
            #expect(try platform.volume(assistant).sizeGB == 4)
        }
    }

    @Test func aStrangersAppIsLeftAlone() async throws {
        try await Platform.run { platform in
            let assistants = try await platform.signUp(2)
            platform.fly.addForeignApp(assistants[0].app)
            try await platform.startDaemon()
            try await platform.awaitReason("NameTaken", of: assistants[0])
            try await platform.awaitSettled(assistants[1])
            try await platform.awaitSurveys(2)
            let calls = platform.fly.ledger.filter { $0.mutating && $0.app == assistants[0].app }
            #expect(calls.count < 10, "\(calls)")
            #expect(platform.fly.machines(app: assistants[0].app).isEmpty)

            platform.fly.deleteApp(assistants[0].app)
            try await platform.skip(.seconds(3601))
            try await platform.awaitSettled(assistants)
        }
    }

    /// A web app that keeps its transaction open holds up its own machine at most.
    @Test func anOpenTransactionHoldsUpOnlyItsOwnMachine() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let first = try await platform.signUp()[0]
            try await platform.awaitSettled(first)
            var others: [Assistant] = []
            try await platform.web.transaction { connection in
                try await connection.query(
                    "update converged.machines set image = 'ghcr.io/openclaw/openclaw:2026.3.1' where id = \(first.id)")
                // The daemon has something to write about this row while it is locked.
                #expect(platform.fly.stopMachine(try platform.machine(first).id))
                others = try await platform.signUp(6)
                try await platform.awaitSettled(others)
            }
            try await platform.awaitSettled(first, within: .seconds(60))
            #expect(try platform.machine(first).image == "ghcr.io/openclaw/openclaw:2026.3.1")
            platform.expectClean([first] + others)
        }
    }
}
