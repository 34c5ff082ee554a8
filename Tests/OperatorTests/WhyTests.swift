import Postgres
import Support
import Testing

@testable import Operator

@Suite struct WhyTests {
    @Test func theFourStepsAreShownWithTheirLastValues() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let job = try await office.lease(worker: worker)
            try await office.record(
                outcome: "retry",
                plan: #"["create app automna-u-1d4f06a2", "create volume"]"#,
                reason: "VendorUnavailable", message: "fly answered 503")
            try await office.finish(job, "retry", afterMs: 60_000, message: "fly answered 503")
            let (exit, text) = try await office.read { try await $0.explain("1d4f06a2") }
            #expect(exit == .ok)
            for part in [
                "machine/\(Office.adasMachine)", "generation", "attempt 2", "- create app automna-u-1d4f06a2",
                "- create volume", "desired   state=running", "observed  machine=absent", "VendorUnavailable",
                "fly answered 503", "Requested",
                "waits for: its back-off: attempt 2 starts in", "read:      runbooks/VendorUnavailable.md",
            ] {
                #expect(text.contains(part), "\(part) in\n\(text)")
            }
        }
    }

    @Test func programsGetOneDocument() async throws {
        try await Office.open { office in
            try await office.register()
            try await office.record(outcome: "blocked", reason: "NameTaken", message: "by others")
            let (_, document) = try await office.ask { try await $0.explain("machine/ada@example.com") }
            #expect(document["key"].text == Office.adasMachine)
            #expect(document["object"]["short_id"].text == "1d4f06a2")
            #expect(document["trace"]["outcome"].text == "blocked")
            #expect(document["waits_for"].text == "a worker to take up its wake")
            #expect(document["runbooks"].items.first?["page"].text == "runbooks/NameTaken.md")
        }
    }

    @Test func aDeadJobIsNamed() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let job = try await office.lease(worker: worker, maxAttempts: 1)
            try await office.finish(job, "retry", afterMs: 1000, message: "no luck")
            let text = try await office.read { try await $0.explain(Office.adasMachine) }.text
            let other = try await office.read { try await $0.explain(Office.bobsMachine) }.text
            #expect([text, other].contains { $0.contains("`converged jobs retry \(job.id)`") })
        }
    }

    @Test func aPausedQueueHoldsItsObjects() async throws {
        try await Office.open { office in
            try await office.register()
            try await office.owner.script(
                """
                insert into converged.queues (name) values ('fly');
                insert into converged.kinds (name, queue) values ('machine', 'fly');
                """)
            _ = try await office.read { try await $0.pauseQueues(["fly"], reason: "incident") }
            let text = try await office.read { try await $0.explain(Office.adasMachine) }.text
            #expect(text.contains("who paused queue fly (incident): `converged queues resume fly`"))
        }
    }

    @Test func aFleetIsExplainedByItsSurvey() async throws {
        try await Office.open { office in
            try await office.register(kinds: ["survey"])
            _ = try await office.read { try await $0.reconcile("fleet/fly", now: true, wait: nil) }
            let (_, document) = try await office.ask { try await $0.explain("fleet/fly") }
            #expect(document["job_kind"].text == "survey")
            #expect(document["wakes"].integer == 1)
        }
    }
}
