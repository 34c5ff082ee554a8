import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What agrees is left alone.
@Suite struct IdleTests {
    @Test func aSettledFleetCostsAFewListsAndNothingElse() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(6) + platform.signUp(2, profile: "molt")
            try await platform.awaitSettled(assistants)
            try await platform.awaitSurveys(1)
            platform.fly.clearLedger()
            try await platform.awaitSurveys(3)

            #expect(platform.mutations.map(\.description) == [])
            let looks = Set(platform.fly.ledger.map(\.action))
            // The shared app's own list shows the checks of all its machines.
            #expect(looks.isSubset(of: ["list-org-machines", "list-org-volumes", "list-machines"]), "\(looks)")
            #expect(Set(platform.fly.calls("list-machines").compactMap(\.app)).isSubset(of: ["molt-os-bots"]))
            #expect(platform.fly.ledger.count <= 4 * 4)
            let runs = try await platform.count(
                """
                select count(*) from converged.job_history where kind = 'machine' and finished_at > (
                    select max(started_at) from converged.job_history where kind = 'survey' and outcome = 'settled')
                """)
            #expect(runs == 0)
        }
    }

    /// A new daemon has nothing to do either: the state is in the rows, not in the process.
    @Test func aRestartedDaemonChangesNothing() async throws {
        try await Platform.run { platform in
            let first = try await platform.startDaemon()
            let assistants = try await platform.signUp(3)
            try await platform.awaitSettled(assistants)
            first.kill(SIGTERM)
            #expect(await first.wait() == 0)
            platform.fly.clearLedger()
            try await platform.startDaemon()
            try await platform.awaitSurveys(2)
            #expect(platform.mutations.map(\.description) == [])
            #expect(platform.fly.calls("get-*").map(\.description) == [])
        }
    }

    /// With checkups, each settled machine is looked at in turn, and only looked at.
    @Test func checkupsOnlyLook() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon(["CONVERGED_FLY_CHECKUPS_PER_SURVEY": "2"])
            let assistants = try await platform.signUp(3)
            try await platform.awaitSettled(assistants)
            platform.fly.clearLedger()
            try await platform.awaitSurveys(4)
            #expect(platform.mutations.map(\.description) == [])
            #expect(Set(platform.fly.calls("get-machine").compactMap(\.app)) == Set(assistants.map(\.app)))
        }
    }
}
