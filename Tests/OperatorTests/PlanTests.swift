import Postgres
import Support
import Testing

@testable import Operator

@Suite struct PlanTests {
    @Test func objectsThatAreNotThereYetAreListed() async throws {
        try await Office.open { office in
            try await office.record(outcome: "again", plan: #"["create app automna-u-1d4f06a2"]"#)
            try await office.daemon.query(
                """
                update converged.machines set observed_generation = generation where id::text = \(Office.bobsMachine)
                """)
            try await office.record(machine: Office.bobsMachine, outcome: "settled", reason: "Running", status: "True")
            let (exit, document) = try await office.ask { try await $0.plan(nil, wait: .zero) }
            #expect(exit == .ok)
            #expect(document.items.map { $0["key"].text } == [Office.adasMachine])
            #expect(document.items.first?["next_action"].text == "create app automna-u-1d4f06a2")
            #expect(try await office.read { try await $0.plan(nil, wait: .zero) }.text.contains("create app"))
        }
    }

    @Test func withoutADaemonTheLastPlanIsShown() async throws {
        try await Office.open { office in
            try await office.record(outcome: "again", plan: #"["create volume"]"#)
            let (exit, text) = try await office.read { try await $0.plan("1d4f06a2", wait: .seconds(5)) }
            #expect(exit == .attention)
            #expect(text.contains("no live daemon plans machines; this is the last plan"))
            #expect(text.contains("- create volume"))
        }
    }

    @Test func aDaemonThatDoesNotAnswerIsSaid() async throws {
        try await Office.open { office in
            try await office.register()
            let (exit, document) = try await office.ask { try await $0.plan("1d4f06a2", wait: .zero) }
            #expect(exit == .attention)
            #expect(!document["fresh"].bool)
            let wake = try await office.daemon.query(
                "select kind, key, urgent from converged.wakes where kind = 'plan'")
            #expect(try wake[0].decode((String, String, Bool).self) == ("plan", Office.adasMachine, true))
        }
    }

    @Test func theFreshPlanOfADaemonIsWaitedFor() async throws {
        try await Office.open { office in
            try await office.record(outcome: "settled")
            let worker = try await office.register()
            async let answer = office.ask { try await $0.plan("1d4f06a2", wait: .seconds(60)) }
            try await eventually("the wake for a plan is there") {
                try await office.daemon.query("select from converged.wakes where kind = 'plan'").count == 1
            }
            let job = try await office.lease("plan", worker: worker)
            try await office.record(outcome: "again", plan: #"["start machine"]"#)
            try await office.finish(job, "settled")
            let (exit, document) = try await answer
            #expect(exit == .ok)
            #expect(document["fresh"].bool)
            #expect(document["plan"].items.first?.text == "start machine")
        }
    }
}
