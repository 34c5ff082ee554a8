import Foundation
import Postgres
import Simulators
import Support
import Testing

/// The vendor has bad days.
@Suite struct VendorTroubleTests {
    @Test(arguments: ["create-volume", "create-machine"])
    func aFullRegionIsLeftForTheNext(action: String) async throws {
        try await Platform.run { platform in
            platform.fly.inject(.init(.capacityRegion, on: action, times: 1))
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            #expect(try platform.machine(assistant).region == "ord")
            #expect(try platform.volume(assistant).region == "ord")
            #expect(try await platform.column("fly_region", of: assistant) == "ord")
            platform.expectClean([assistant])
        }
    }

    @Test func regionsThatAreAllFullAreTriedAgainWithPatience() async throws {
        try await Platform.run { platform in
            platform.fly.inject(.init(.capacityRegion, on: "create-volume", times: nil))
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitReason("CapacityExhausted", of: assistant)
            try await platform.awaitSurveys(3)
            #expect(platform.fly.calls("create-volume").count < 20)
            platform.fly.clearFaults()
            try await platform.skip(.seconds(600))
            try await platform.awaitSettled(assistant)
            platform.expectClean([assistant])
        }
    }

    @Test func aUsedUpQuotaWaitsForAPerson() async throws {
        try await Platform.run { platform in
            platform.fly.inject(.init(.quota, on: "create-machine", times: nil))
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitReason("QuotaExceeded", of: assistant)
            try await platform.awaitSurveys(3)
            #expect(platform.mutations.count < 10, "\(platform.mutations)")
            platform.fly.clearFaults()
            try await platform.skip(.seconds(86401))
            try await platform.awaitSettled(assistant)
            platform.expectClean([assistant])
        }
    }

    @Test func aWrongTokenIsSaidAndItsReplacementTaken() async throws {
        try await Platform.run { platform in
            try platform.home.writeCredential("fly-token", "a-wrong-token")
            let daemon = try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            let condition = try await platform.awaitReason("VendorUnauthorized", of: assistant)
            #expect(condition.status == "Unknown")
            try await eventually("the survey says it, too") {
                try await platform.condition("fly", "Surveyed", kind: "fleet")?.reason == "VendorUnauthorized"
            }
            #expect(platform.mutations.count < 10)
            try platform.home.writeCredential("fly-token", platform.fly.token)
            daemon.kill(SIGHUP)
            try await eventually("the new token is taken") { daemon.log.contains("reloaded") }
            try await platform.skip(.seconds(600))
            try await platform.awaitSettled(assistant)
        }
    }

    @Test func anOutageIsWaitedFor() async throws {
        try await Platform.run { platform in
            platform.fly.setOutage(.status(503))
            try await platform.startDaemon()
            let assistants = try await platform.signUp(4)
            for assistant in assistants { try await platform.awaitReason("VendorUnavailable", of: assistant) }
            platform.fly.setOutage(nil)
            // The breaker's probe comes by the daemon's own clock, the back-off ends by the database's.
            try await platform.awaitSettledSkippingWaits(assistants)
            platform.expectClean(assistants)
        }
    }

    /// Any call may fail in any way, a lost answer included: one machine and one volume each in the end.
    @Test func aStormOfFaultsPassesWithoutATrace() async throws {
        var seed = Seed()
        let effects: [FlySimulator.Effect] = [
            .lostReply, .refused, .html502, .empty500, .rateLimited(retryAfter: .seconds(1)), .status(503, body: "{}"),
            .delay(.milliseconds(50)),
        ]
        try await Platform.run { platform in
            for effect in effects {
                platform.fly.inject(
                    .init(effect, times: nil, probability: 0.04, seed: seed.next(), during: .zero..<(.seconds(15))))
            }
            try await platform.startDaemon()
            let assistants = try await platform.signUp(12) + platform.signUp(3, profile: "molt")
            try await eventually("the storm is over", within: .seconds(30)) { platform.fly.now > .seconds(15) }
            try await platform.awaitSettledSkippingWaits(assistants, within: .seconds(90))
            platform.expectClean(assistants)
        }
    }
}
