import Postgres
import Support
import Testing

@testable import Operator

/// jobs tail.
@Suite struct TailTests {
    /// The lines as they come, while the verb runs.
    private func tail(
        _ office: Office, _ format: OutputFormat, lines: Int, kind: String? = nil,
        _ body: (inout AsyncStream<String>.Iterator) async throws -> Void
    ) async throws {
        let (stream, printed) = AsyncStream.makeStream(of: String.self)
        let verbs = Verbs(database: office.operators, console: Console(format: format) { printed.yield($0) })
        let follower = Task { try await verbs.tailJobs(kind: kind, lines: lines, every: .milliseconds(5)) }
        var iterator = stream.makeAsyncIterator()
        try await body(&iterator)
        follower.cancel()
        #expect(try await follower.value == .ok)
    }

    private func end(_ office: Office, _ worker: Int64, _ outcome: String, message: String? = nil) async throws -> Int64
    {
        let id = try await office.enqueue("key => 'a'")
        let held = try await office.lease("prune", worker: worker, queue: "default")
        try await office.finish(held, outcome, message: message)
        return id
    }

    @Test func theLastEndsComeFirstAndThenEachOnce() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune"])
            _ = try await end(office, worker, "settled")
            let second = try await end(office, worker, "settled")
            let third = try await end(office, worker, "blocked", message: "no\nwork")
            try await tail(office, .table, lines: 2) { lines in
                #expect(await lines.next()?.contains("settled    job \(second)  prune/a") == true)
                let blocked = try #require(await lines.next())
                #expect(blocked.contains("blocked    job \(third)  prune/a") && blocked.hasSuffix("s  no work\n"))
                for _ in 1...3 {
                    let id = try await end(office, worker, "settled")
                    #expect(await lines.next()?.contains("job \(id) ") == true)
                }
            }
        }
    }

    @Test func programsGetADocumentALine() async throws {
        try await Office.open { office in
            let worker = try await office.register(kinds: ["prune", "machine"])
            let before = try await end(office, worker, "settled")
            try await tail(office, .json, lines: 1, kind: "prune") { lines in
                let first = try JSON(parsing: try #require(await lines.next()))
                #expect(first["job"].integer == before)
                try await office.finish(try await office.lease(worker: worker), "settled")
                let id = try await end(office, worker, "settled")
                let line = try #require(await lines.next())
                let document = try JSON(parsing: line)
                #expect(document["job"].integer == id && document["outcome"].text == "settled")
                #expect(line.dropLast().contains("\n") == false)
            }
        }
    }
}
