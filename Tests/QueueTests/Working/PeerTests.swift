import Postgres
import Synchronization
import Testing

@testable import Queue

/// Who hears of a worker that has come: those that share its kinds, with whom it shares the round trips too.
@Suite struct PeerTests {
    private static func worker(_ queue: QueueBench, _ kind: String) -> Worker {
        queue.worker(kind, [JobKind(name: kind) { _ in Verdict(.settled(next: nil)) }])
    }

    @Test func onlyWhoSharesAKindIsTold() async throws {
        try await QueueBench.with { queue in
            var notices = queue.admin.listen([Worker.beatChannel]).makeAsyncIterator()
            #expect(await notices.next() == .connected)
            func told() async throws -> [Notice] {
                try await queue.admin.query("select pg_notify(\(Worker.beatChannel), 'end')")
                var heard: [Notice] = []
                let end = Notice.notification(channel: Worker.beatChannel, payload: "end")
                while let notice = await notices.next(), notice != end { heard.append(notice) }
                return heard
            }
            let first = Self.worker(queue, "pa@one")
            try await first.register()
            try await Self.worker(queue, "pa@two").register()
            #expect(try await told().isEmpty)
            await first.beatNow()
            #expect(first.ledger.withLock(\.peers) == 1)
            try await Self.worker(queue, "pa@one").register()
            #expect(try await told().count == 1)
            await first.beatNow()
            #expect(first.ledger.withLock(\.peers) == 2)
        }
    }
}
