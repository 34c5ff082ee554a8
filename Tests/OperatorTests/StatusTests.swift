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
}
