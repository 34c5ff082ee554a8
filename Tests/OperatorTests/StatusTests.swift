import Postgres
import Support
import Testing

@testable import Operator

@Suite struct StatusTests {
    @Test func noLiveWorkerNeedsAPerson() async throws {
        try await Office.open { office in
            let (exit, text) = try await office.read { try await $0.showStatus() }
            #expect(exit == .attention)
            #expect(text.contains("! no live worker"))
            #expect(text.contains("provisioning"))
            try await office.register()
            try await moveClock(of: office.owner, by: .seconds(11))
            #expect(try await office.read { try await $0.showStatus() }.exit == .attention)
        }
    }

    @Test func allIsWellWithALiveWorker() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let job = try await office.lease(worker: worker)
            let (exit, document) = try await office.ask { try await $0.showStatus() }
            #expect(exit == .ok)
            #expect(document["healthy"].bool)
            #expect(document["queue"]["running"].integer == 1)
            #expect(document["workers"].items.first?["running"].integer == 1)
            #expect(document["machines"].items.first?["count"].integer == 2)
            #expect((document["database"]["schema_version"].integer ?? 0) >= 7)
            try await office.finish(job, "settled")
            #expect(
                try await office.read { try await $0.showStatus() }.text.contains("healthy: nothing needs a person"))
        }
    }

    @Test func blockedObjectsAndDeadJobsNeedAPerson() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            try await office.record(outcome: "blocked", reason: "NameTaken", message: "app belongs to others")
            let job = try await office.lease(worker: worker, maxAttempts: 1)
            try await office.finish(job, "retry", afterMs: 1000, message: "no luck")
            let (exit, document) = try await office.ask { try await $0.showStatus() }
            #expect(exit == .attention)
            #expect(document["needs"].items.count == 2)
            #expect(document["conditions"].items.first?["reason"].text == "NameTaken")
            let text = try await office.read { try await $0.showStatus() }.text
            #expect(text.contains("! 1 dead jobs: `converged jobs list --state dead`"))
            #expect(text.contains("! 1 objects are blocked"))
        }
    }

    @Test func openRolloutsAreShown() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let id = try await startRollout(office)
            let text = try await office.read { try await $0.showStatus() }.text
            #expect(text.contains("\nrollouts\n") && text.contains("rolling out") && text.contains("0 of 2"))
            #expect(!text.contains("! rollout \(id)"))
        }
    }

    @Test func aHaltedRolloutNeedsAPerson() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let id = try await startRollout(office)
            try await office.operators.query("select converged.halt_rollout(\(id), 'complaints')")
            let (exit, document) = try await office.ask { try await $0.showStatus() }
            #expect(exit == .attention && document["rollouts"].items.count == 1)
            let rollout = try #require(document["rollouts"].items.first)
            #expect(rollout["stands"].text == "halted" && rollout["members"].integer == 2)
            #expect(rollout["arrived"].integer == 0 && rollout["why"].text?.hasSuffix("complaints") == true)
            let needs = document["needs"].items.compactMap(\.text)
            #expect(needs.contains("rollout \(id) is halted, 0 of 2 done: `converged rollout status \(id)`"))
        }
    }

    private func startRollout(_ office: Office) async throws -> Int64 {
        try await office.operators.query(
            "select converged.start_rollout('ghcr.io/openclaw/openclaw:2026.3.1')"
        ).scalar()
    }
}
