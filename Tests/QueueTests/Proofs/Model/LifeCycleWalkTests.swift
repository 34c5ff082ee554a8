import Postgres
import Support
import Testing

@testable import Queue

/// Thousands of random moves, made by the SQL and by the written model: after each one both hold the same.
@Suite(.timeLimit(.minutes(5))) struct LifeCycleWalkTests {
    /// What a run has to have met, or it would prove little.
    static let met = [
        "settled", "blocked", "cancelled", "dead", "died", "due", "lost", "rescued", "redrive", "renew", "CV002",
        "CV404",
        "CV409",
    ]

    @Test func theTablesDoWhatTheModelSays() async throws {
        var seed = Seed()
        let seeds = (0..<10).map { _ in seed.next() }
        try await QueueBench.with { queue in
            try await queue.admin.script(Walk.tools)
            try await queue.admin.batch(JobKind.registration([Walk.kind]))
            var counts: [String: Int] = [:]
            try await queue.admin.withConnection { session in
                for seed in seeds {
                    var walk = try await Walk(session, queue.admin, seed: seed)
                    for place in 0..<3 { try await walk.replaceWorker(at: place) }
                    for _ in 0..<400 { try await walk.step() }
                    counts.merge(walk.counts) { $0 + $1 }
                }
            }
            print(counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
            for word in Self.met { #expect(counts[word, default: 0] > 0, "no walk met \(word)") }
        }
    }
}
