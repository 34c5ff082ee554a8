import Postgres
import Support
import Testing

@testable import Operator

/// queues list, pause, resume, limit; workers list, drain, undrain.
@Suite struct QueuesVerbTests {
    @Test func aListTellsDepthsLimitsAndPauses() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            let first = try await office.enqueue()
            try await office.lease("prune", worker: worker, queue: "default")
            _ = try await office.enqueue()
            _ = try await office.enqueue("needs => array[\(first)]")
            _ = try await office.read { try await $0.limitQueue("default", NewLimit(running: 3)) }
            _ = try await office.read {
                try await $0.limitKind("prune", NewLimit(ratePerSecond: 2.5, burst: 9, perLane: 1))
            }
            _ = try await office.read { try await $0.pauseQueues(["default"], reason: "repair") }
            let (_, document) = try await office.ask { try await $0.listQueues(limit: 10) }
            let queue = try #require(document.items.first { $0["scope"].text == "queue" })
            #expect(queue["name"].text == "default" && queue["paused"].text == "converged_operator: repair")
            #expect(["waiting", "ready", "running", "dead"].map { queue[$0].integer } == [1, 1, 1, 0])
            #expect(queue["max_running"].integer == 3 && queue["oldest_due_seconds"].integer != nil)
            let kind = try #require(document.items.first { $0["name"].text == "prune" })
            #expect(kind["limits"].text == "2.5/s (burst 9), 1 a lane" && kind["paused"].isNull)
            let text = try await office.read { try await $0.listQueues(limit: 10) }.text
            #expect(text.contains("OLDEST DUE") && text.contains("3 running"))
        }
    }

    @Test func queuesArePausedAndResumedTogether() async throws {
        try await Office.open { office in
            try await office.owner.query("insert into converged.queues (name) values ('bulk')")
            let unknown = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.pauseQueues(["bulk", "nowhere"], reason: "") }
            }
            #expect(unknown?.sqlState == "CV404")
            #expect(try await office.operators.query("select from converged.pauses").isEmpty)
            let paused = try await office.ask { try await $0.pauseQueues(["bulk", "default"], reason: "x") }
            #expect(paused.document.items.map { $0["name"].text } == ["bulk", "default"])
            let pauses = try await office.read { try await $0.get(.pause, name: nil, limit: 10) }
            #expect(pauses.text.contains("bulk") && pauses.text.contains("QUEUE"))
            #expect(try await office.read { try await $0.showStatus() }.text.contains("bulk"))
            #expect(
                try await office.read { try await $0.resumeQueues(["default", "bulk"]) }.text
                    == "resumed queue default\nresumed queue bulk\n")
            let refusal = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.resumeQueues(["bulk"]) }
            }
            #expect(refusal?.sqlState == "CV404")
        }
    }

    @Test func limitsBecomeWhatIsNamed() async throws {
        try await Office.open { office in
            try await office.register(kinds: ["prune"])
            _ = try await office.enqueue()
            let set = try await office.read { try await $0.limitKind("prune", NewLimit(running: 2, ratePerSecond: 5)) }
            #expect(set.text == "kind prune: at most 2 running, 5 a second\n")
            #expect(
                try await office.read { try await $0.limitKind("prune", NewLimit(perLane: 1)) }.text
                    == "kind prune: at most 1 in a lane\n")
            #expect(
                try await office.ask { try await $0.limitKind("prune", NewLimit()) }.document["message"].text
                    == "kind prune: no limit")
            #expect(try await office.operators.query("select from converged.limits").isEmpty)
            let misspelt = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.limitKind("prnue", NewLimit(running: 1)) }
            }
            #expect(misspelt?.exit == .unknown && misspelt?.message.contains("did you mean prune?") == true)
            let unknown = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.limitQueue("nowhere", NewLimit(running: 1)) }
            }
            #expect(unknown?.sqlState == "CV404")
        }
    }

    /// A limit of all pa@… together does not exist: it would hold nobody back.
    @Test func aFamilyOfKindsHasNoLimit() async throws {
        try await Office.open { office in
            try await office.owner.query(
                "insert into converged.kinds (name, queue) values ('pa@one', 'default'), ('pa@two', 'default')")
            let refused = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.limitKind("pa", NewLimit(running: 1)) }
            }
            #expect(refused?.exit == .unknown && refused?.message.contains("pa@one, pa@two") == true)
            // A pause of the family makes it a name that is known.
            _ = try await office.operators.query("select converged.pause('pa')")
            for call in ["max_running => 1", "rate_per_second => 1", "max_per_lane => 1"] {
                let error = await #expect(throws: PostgresError.self) {
                    try await office.operators.query("select converged.set_limit('kind', 'pa', \(raw: call))")
                }
                #expect(error?.sqlState == "22023" && error?.message.contains("pa@one, pa@two") == true)
                #expect(error?.hint?.contains("pause of pa") == true)
            }
            _ = try await office.operators.query("select converged.set_limit('kind', 'pa')")
            let set = try await office.read { try await $0.limitKind("pa@one", NewLimit(running: 1)) }
            #expect(set.text == "kind pa@one: at most 1 running\n")
        }
    }

    @Test func workersAreDrainedByNumberAndName() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            _ = try await office.enqueue()
            try await office.lease("prune", worker: worker, queue: "default")
            let name = String(worker)
            let drained = try await office.read { try await $0.drainWorkers([name]) }
            #expect(drained.text == "worker \(name) (fly-1) takes no new jobs; 1 running now will end normally\n")
            let (_, list) = try await office.ask { try await $0.listWorkers(limit: 10) }
            let row = list.items.first ?? .null
            #expect(row["draining"].bool && row["running"].integer == 1)
            #expect(row["kinds"].items.map(\.text) == ["prune"])
            let back = try await office.ask { try await $0.undrainWorkers(["fly-1"]) }
            #expect(back.document.items[0]["message"].text == "worker \(name) (fly-1) takes jobs again")
            let after = try await office.ask { try await $0.listWorkers(limit: 10) }
            #expect(after.document.items[0]["draining"] == .bool(false))
            let unknown = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.drainWorkers(["fly-1", "fly-11"]) }
            }
            #expect(unknown?.exit == .unknown && unknown?.message.contains("did you mean fly-1?") == true)
        }
    }
}
