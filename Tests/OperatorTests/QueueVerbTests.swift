import Postgres
import Support
import Testing

@testable import Operator

/// pause, resume, jobs.
@Suite struct QueueVerbTests {
    @Test func pausingAKindAndAKey() async throws {
        try await Office.open { office in
            try await office.register()
            let kind = try await office.read { try await $0.pause("machines", reason: "incident") }
            #expect(kind.text.hasPrefix("paused machine;"))
            let key = try await office.ask { try await $0.pause("machine/1d4f06a2", reason: "") }
            #expect(key.document["message"].text?.hasPrefix("paused machine/\(Office.adasMachine);") == true)
            let rows = try await office.operators.query(
                "select kind, key, paused_by from converged.pauses order by key")
            #expect(try rows[0].decode((String, String, String).self) == ("machine", "", "converged_operator"))
            #expect(rows.count == 2)
            #expect(try await office.read { try await $0.resume("machine") }.text == "resumed machine\n")
            #expect(try await office.read { try await $0.resume("machine/1d4f06a2") }.exit == .ok)
            #expect(try await office.operators.query("select from converged.pauses").isEmpty)
        }
    }

    @Test func resumingWhatIsNotPausedIsRefused() async throws {
        try await Office.open { office in
            let error = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.resume("machine/1d4f06a2") }
            }
            #expect(error?.sqlState == "CV404")
        }
    }

    @Test func unknownKindsAreRefused() async throws {
        try await Office.open { office in
            let error = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.pause("mschine", reason: "") }
            }
            #expect(error?.message.contains("did you mean machine?") == true)
        }
    }

    @Test func jobsAreListedByStateAndKind() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let running = try await office.lease(worker: worker)
            func ids(_ state: JobState?, _ kind: String? = nil) async throws -> Int {
                try await office.ask { try await $0.listJobs(state: state, kind: kind, limit: 10) }.document.items.count
            }
            #expect(try await ids(nil) == 2)
            #expect(try await ids(.running) == 1)
            #expect(try await ids(.ready) == 1)
            #expect(try await ids(.ready, "survey") == 0)
            _ = try await office.read { try await $0.pause("machine", reason: "") }
            #expect(try await ids(.ready) == 0)
            #expect(try await ids(.paused) == 1)
            try await office.finish(running, "settled")
            #expect(try await ids(.finished) == 1)
            #expect(
                try await office.read { try await $0.listJobs(state: .finished, kind: nil, limit: 10) }.text.contains(
                    "settled"))
        }
    }

    @Test func aDeadJobIsShownRetriedAndCancelled() async throws {
        try await Office.open { office in
            let worker = try await office.register()
            let job = try await office.lease(worker: worker, maxAttempts: 1)
            try await office.finish(job, "retry", afterMs: 1000, message: "no luck")
            let (_, document) = try await office.ask { try await $0.showJob(job.id) }
            #expect(document["job"].isNull)
            #expect(document["dead"]["message"].text == "no luck")
            #expect(document["history"].items.first?["outcome"].text == "dead")
            #expect(document["errors"].items.first?["message"].text == "no luck")
            #expect(try await office.read { try await $0.retryJob(job.id) }.text == "job \(job.id) lives again\n")
            let text = try await office.read { try await $0.showJob(job.id) }.text
            #expect(text.contains("state"))
            #expect(text.contains("no luck"))
            #expect(try await office.read { try await $0.cancelJob(job.id) }.text == "cancelled job \(job.id)\n")
        }
    }

    @Test func anUnknownJobIsSaid() async throws {
        try await Office.open { office in
            let error = await #expect(throws: VerbError.self) { try await office.read { try await $0.showJob(4711) } }
            #expect(error?.exit == .unknown)
            #expect(error?.message.hasPrefix("there is no job 4711") == true)
        }
    }
}
