import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What is done about many machines at once is done carefully.
@Suite struct FleetTests {
    @Test func aListThatLostTheFleetIsNotBelieved() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(5)
            try await platform.awaitSettled(assistants)
            // Young machines may be missing in a list that lags.
            try await platform.skip(.seconds(300))
            platform.fly.clearLedger()
            platform.fly.inject(.init(.emptyList, on: "list-org-machines", times: nil))
            try await eventually("the fleet is frozen", within: .seconds(30)) {
                try await platform.condition("fly", "Surveyed", kind: "fleet")?.reason == "PopulationDropped"
            }
            let newcomer = try await platform.signUp()[0]
            try await platform.awaitReason("Frozen", of: newcomer)
            try await platform.awaitSurveys(2)
            #expect(platform.mutations.map(\.description) == [])
            let status = try await platform.converged(["status"])
            #expect(status.output.contains("PopulationDropped"))

            platform.fly.clearFaults()
            try await eventually("the fleet is believed again", within: .seconds(30)) {
                try await platform.condition("fly", "Surveyed", kind: "fleet")?.status == "True"
            }
            try await platform.skip(.seconds(61))
            try await platform.awaitSettled(assistants + [newcomer])
            platform.expectClean(assistants + [newcomer])
        }
    }

    @Test func aChangedProfileComesThroughOneAfterTheOther() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(4)
            try await platform.awaitSettled(assistants)
            platform.fly.clearLedger()
            let image = "ghcr.io/openclaw/openclaw:2026.4.1"
            try await changeProfile(platform, image: image)
            try await eventually("all run the new image", within: .seconds(60)) {
                try await platform.skipToNextRun(of: "survey")
                return platform.fly.liveMachines().allSatisfy { $0.image == image }
            }
            try await platform.awaitSettled(assistants)
            // One at a time: between two updates there is a list that showed the first one well.
            let steps = platform.fly.ledger.filter { ["update-machine", "list-org-machines"].contains($0.action) }
            #expect(
                zip(steps, steps.dropFirst()).allSatisfy { $0.action != "update-machine" || $1.action != $0.action })
            #expect(platform.fly.calls("update-machine").count == 4)
            platform.expectClean(assistants)
        }
    }

    @Test func aBadProfileStopsAtTheFirstMachine() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(4)
            try await platform.awaitSettled(assistants)
            try await changeProfile(platform, image: "ghcr.io/acme/nosuchimage:2")
            try await eventually("the roll-out is halted", within: .seconds(60)) {
                try await platform.skipToNextRun(of: "survey")
                let condition = try await platform.condition("profile/automna", "RolledOut", kind: "fleet")
                return condition?.reason == "RolloutHalted"
            }
            try await platform.awaitSurveys(2)
            let old = platform.fly.liveMachines().filter { $0.image == "ghcr.io/openclaw/openclaw:2026.2.22" }
            #expect(old.count == 3)
            #expect(old.allSatisfy { $0.state == "started" })

            try await changeProfile(platform, image: "ghcr.io/openclaw/openclaw:2026.4.1")
            try await eventually("the corrected profile comes through", within: .seconds(60)) {
                try await platform.skipToNextRun(of: "survey")
                return platform.fly.liveMachines().allSatisfy { $0.image == "ghcr.io/openclaw/openclaw:2026.4.1" }
            }
            try await platform.awaitSettledSkippingWaits(assistants)
            platform.expectClean(assistants)
        }
    }

    private func changeProfile(_ platform: Platform, image: String) async throws {
        try await platform.admin.query(
            "update converged.machine_profiles set image = \(image) where name = 'automna'")
    }

    @Test func whatNobodyOwnsIsSweptOnlyWithOurMark() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_FLY_SWEEP_ORPHANS"] = "on"
        options.settings["CONVERGED_FLY_ORPHAN_GRACE_SECONDS"] = "60"
        try await Platform.run(options) { platform in
            try await platform.startDaemon()
            let bot = try await platform.signUp(1, profile: "molt")[0]
            try await platform.awaitSettled(bot)
            let ours = try platform.fly.addStrangerMachine(
                app: bot.app, name: "bot-deadbeef", metadata: ["converged_owner": UUID().uuidString.lowercased()])
            let theirs = try platform.fly.addStrangerMachine(app: bot.app, name: "somebody-elses")
            try await eventually("the orphan is listed", within: .seconds(30)) {
                try await platform.count("select count(*) from converged.orphans where id = \(ours)") == 1
            }
            #expect(platform.fly.machine(ours)?.isLive == true, "within its grace nothing is swept")
            try await platform.skip(.seconds(61))
            try await eventually("the orphan is swept", within: .seconds(30)) {
                platform.fly.machine(ours)?.isLive == false
            }
            #expect(platform.fly.machine(theirs)?.isLive == true)
            #expect(try platform.machine(bot).state == "started")
            #expect(try await platform.count("select count(*) from converged.orphans where id = \(theirs)") == 0)
        }
    }
}
