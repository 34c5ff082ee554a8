import Postgres
import Support
import Testing

@testable import Operator

/// rollout start, status, halt, resume, revert.
@Suite struct RolloutVerbTests {
    private static let image = "ghcr.io/openclaw/openclaw:2026.3.1"

    private static func wish(team: String) -> RolloutWish {
        var wish = RolloutWish(image: image)
        wish.team = team
        return wish
    }

    @Test func aRolloutIsStartedFollowedHaltedAndReverted() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let started = try await office.read { try await $0.startRollout(RolloutWish(image: Self.image)) }
            #expect(
                started.text == """
                    started rollout 1: 2 PAs in 1 batches; `converged rollout status 1` follows it
                    no live daemon runs rollouts: it begins when one is there

                    """)
            let status = try await office.read { try await $0.showRollouts("1", limit: 10) }
            #expect(status.exit == .ok)
            for part in [
                "rollout 1: rolling out", "image  \(Self.image)", "of     all PAs",
                "1 canary first, then 1 a droplet at once",
                "BATCH", "batch 1", "waiting", "ada", "fleet-beta",
            ] {
                #expect(status.text.contains(part), "\(part) in\n\(status.text)")
            }
            #expect(try await office.read { try await $0.haltRollout("rollout/1", reason: "complaints") }.exit == .ok)
            let (exit, document) = try await office.ask { try await $0.showRollouts("1", limit: 10) }
            #expect(exit == .attention && document["why"].text == "by converged_operator: complaints")
            #expect(document["members"].items.map { $0["name"].text } == ["ada", "bob"])
            #expect(document["batches"].items.map { $0["stands"].text } == ["waiting"])
            let listed = try await office.read { try await $0.showRollouts(nil, limit: 10) }
            #expect(listed.exit == .attention && listed.text.contains("halted") && listed.text.contains("0 of 2"))
            #expect(
                try await office.read { try await $0.resumeRollout("1", reason: "") }.text.hasPrefix(
                    "resumed rollout 1"))
            let back = try await office.read { try await $0.revertRollout("1", reason: "") }
            #expect(back.text == "rollout 1 goes back: 0 PAs get the image that they had\n")
        }
    }

    @Test func whyAndGetKnowRollouts() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let wish = Self.wish(team: "alpha")
            _ = try await office.read { try await $0.startRollout(wish) }
            let (_, why) = try await office.ask { try await $0.explain("rollout/1") }
            #expect(why["job_kind"].text == "rollout" && why["object"]["stands"].text == "rolling out")
            #expect(why["events"].items.map { $0["reason"].text } == ["Requested"])
            #expect(try await office.ask { try await $0.get(.rollout, name: nil, limit: 5) }.document.items.count == 1)
            let open = try await office.ask { try await $0.plan(nil, wait: .zero) }.document.items
            #expect(open.contains { $0["kind"].text == "rollout" && $0["status"].text == "rolling out" })
        }
    }

    @Test func unknownNamesAreRefused() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            for name in ["7", "three", "rollout/x"] {
                let error = await #expect(throws: VerbError.self) {
                    try await office.read { try await $0.showRollouts(name, limit: 5) }
                }
                #expect(error?.exit == .unknown)
            }
            let misspelt = Self.wish(team: "alpa")
            let team = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.startRollout(misspelt) }
            }
            #expect(team?.message.contains("did you mean alpha?") == true)
            let halt = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.haltRollout("9", reason: "") }
            }
            #expect(halt?.sqlState == "CV404")
        }
    }
}
