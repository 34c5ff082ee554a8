import Postgres
import Support
import Testing

@testable import Operator

/// jobs enqueue.
@Suite struct EnqueueTests {
    @Test func aJobIsMadeAsItIsWritten() async throws {
        try await Office.open { office in
            let first = try await office.enqueue()
            var new = NewJob(kind: "prune")
            new.args = #"{"days": 7}"#
            new.key = "a"
            new.priority = 2
            new.delaySeconds = 3600
            new.lane = "ada"
            new.needs = [first]
            let (_, made) = try await office.ask { try await $0.enqueueJob(new) }
            let id = try #require(made["id"].integer)
            #expect(made["why"].text == "waits for job \(first)")
            let job = try await office.ask { try await $0.showJob(id) }.document["job"]
            #expect(job["args"]["days"].integer == 7 && job["key"].text == "a" && job["priority"].integer == 2)
            #expect(job["lane"].text == "ada" && job["queue"].text == "default")
            let isLater: Bool = try await office.operators.query(
                "select run_at > converged.now() + interval '59 min' from converged.jobs where id = \(id)"
            ).scalar()
            #expect(isLater)
        }
    }

    @Test func aKindThatNobodyRunsIsNoticedAtOnce() async throws {
        try await Office.open { office in
            let text = try await office.read { try await $0.enqueueJob(NewJob(kind: "prnue")) }.text
            #expect(text.contains("of kind prnue: no live worker runs kind prnue"))
        }
    }

    @Test func aSecondJobOfAKeyDoesAsTheModeSays() async throws {
        try await Office.open { office in
            var new = NewJob(kind: "prune")
            new.key = "a"
            let (_, first) = try await office.ask { try await $0.enqueueJob(new) }
            let (_, second) = try await office.ask { try await $0.enqueueJob(new) }
            #expect(second["id"] == first["id"])
            new.mode = "reject"
            let refusal = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.enqueueJob(new) }
            }
            #expect(refusal?.sqlState == "CV409")
        }
    }

    @Test func whatCannotBeIsRefusedWithoutQuotingIt() async throws {
        try await Office.open { office in
            var new = NewJob(kind: "prune")
            for args in ["[1]", "c2VjcmV0", #"{"p": "c2VjcmV0"#] {
                new.args = args
                let error = await #expect(throws: VerbError.self) {
                    try await office.read { try await $0.enqueueJob(new) }
                }
                #expect(error?.exit == .usage && error?.message.contains("c2VjcmV0") == false)
            }
            new.args = nil
            new.queue = "nowhere"
            let unknown = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.enqueueJob(new) }
            }
            #expect(unknown?.sqlState == "CV404")
            new.queue = nil
            new.priority = 9
            let wrong = await #expect(throws: PostgresError.self) {
                try await office.read { try await $0.enqueueJob(new) }
            }
            #expect(wrong?.sqlState == "22023")
            let made: Int = try await office.operators.query(
                "select count(*) from converged.jobs where kind = 'prune'"
            ).scalar()
            #expect(made == 0)
        }
    }
}
