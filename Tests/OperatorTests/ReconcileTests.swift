import Postgres
import Support
import Testing

@testable import Operator

@Suite struct ReconcileTests {
    @Test(arguments: [true, false]) func aWakeIsLeft(now: Bool) async throws {
        try await Office.open { office in
            try await office.owner.query("delete from converged.wakes")
            let (exit, text) = try await office.read { try await $0.reconcile("1d4f06a2", now: now, wait: nil) }
            #expect(exit == .ok)
            #expect(text.hasPrefix("woke machine/\(Office.adasMachine)"))
            let wakes = try await office.daemon.query("select key, urgent from converged.wakes")
            #expect(try wakes.decode((String, Bool).self).map { "\($0)" } == ["(\"\(Office.adasMachine)\", \(now))"])
        }
    }

    /// The daemon's part, played while the verb waits.
    private func wait(
        _ office: Office, _ play: (_ worker: Int64) async throws -> Void
    ) async throws -> (exit: Exit, document: JSON) {
        try await office.owner.query("delete from converged.wakes")
        let worker = try await office.register()
        async let answer = office.ask { try await $0.reconcile("1d4f06a2", now: true, wait: .seconds(60)) }
        try await eventually("the wake is there") {
            try await office.daemon.query("select from converged.wakes").count == 1
        }
        try await play(worker)
        return try await answer
    }

    @Test func settledEndsTheWait() async throws {
        try await Office.open { office in
            let (exit, document) = try await wait(office) { worker in
                try await office.finish(try await office.lease(worker: worker), "settled")
            }
            #expect(exit == .ok)
            #expect(document["outcome"].text == "settled")
        }
    }

    @Test func anIntermediateRunDoesNot() async throws {
        try await Office.open { office in
            let (exit, _) = try await wait(office) { worker in
                try await office.finish(try await office.lease(worker: worker), "again", afterMs: 1)
                try await office.finish(try await office.lease(worker: worker), "settled", afterMs: 60_000)
            }
            #expect(exit == .ok)
        }
    }

    @Test func blockedNeedsAPerson() async throws {
        try await Office.open { office in
            let (exit, document) = try await wait(office) { worker in
                let job = try await office.lease(worker: worker)
                try await office.finish(job, "blocked", message: "NameTaken: by others")
            }
            #expect(exit == .blocked)
            #expect(document["message"].text == "NameTaken: by others")
        }
    }

    @Test func whatMayHealFromOutsideIsBlockedToo() async throws {
        try await Office.open { office in
            let (exit, document) = try await wait(office) { worker in
                let job = try await office.lease(worker: worker)
                try await office.record(outcome: "blocked: QuotaExceeded: 50 machines", reason: "QuotaExceeded")
                try await office.finish(job, "again", afterMs: 600_000)
            }
            #expect(exit == .blocked)
            #expect(document["message"].text == "QuotaExceeded: 50 machines")
        }
    }

    @Test func aFailedRunIsTriedAgain() async throws {
        try await Office.open { office in
            let (exit, document) = try await wait(office) { worker in
                let job = try await office.lease(worker: worker)
                try await office.finish(job, "retry", afterMs: 60_000, message: "fly answered 503")
            }
            #expect(exit == .retrying)
            #expect(document["message"].text?.hasPrefix("fly answered 503; again in ") == true)
        }
    }

    @Test func aPausedObjectIsNotWaitedFor() async throws {
        try await Office.open { office in
            _ = try await office.read { try await $0.pause("machines", reason: "incident") }
            let (exit, text) = try await office.read {
                try await $0.reconcile("1d4f06a2", now: true, wait: .seconds(60))
            }
            #expect(exit == .blocked)
            #expect(text.contains("`converged resume machine`"))
        }
    }

    @Test func theTimeIsBounded() async throws {
        try await Office.open { office in
            let (exit, text) = try await office.read { try await $0.reconcile("1d4f06a2", now: true, wait: .zero) }
            #expect(exit == .timeout)
            #expect(text.contains("still waits for a worker: none that runs kind machine is alive"))
        }
    }
}
