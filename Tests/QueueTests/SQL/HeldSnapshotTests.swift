import Postgres
import Support
import Testing

@testable import Queue

/// While somebody holds an old snapshot, workers begin their look at the rank that they leased last.
@Suite struct HeldSnapshotTests {
    func look(_ queue: QueueBench, _ worker: Int64, from floor: Int64?) async throws -> [(key: String?, rank: Int64?)] {
        let claim = Claim(limits: [10], worker: worker, floors: [floor])
        let rows = try await queue.daemon.query(claim.statement([QueueBench.plain]))
        return try Claim.Result(rows, queue.daemon).leases.map { ($0.lease.key, $0.rank) }
    }

    @Test func anUrgentJobBelowTheFloorIsFoundByTheFullLook() async throws {
        try await QueueBench.with { queue in
            let worker = try await queue.register()
            try await queue.admin.withConnection { reader in
                try await reader.query("begin isolation level repeatable read")
                try await reader.query("select count(*) from converged.jobs")
                _ = try await queue.enqueue("'k', key => 'first'")
                let floor: Int64 = try await queue.scalar(
                    "select (1000000 * date_part('epoch', rank))::bigint from converged.jobs where key = 'first'")
                try await queue.finish(try await queue.lease(worker), .settled)
                _ = try await queue.enqueue("'k', key => 'urgent', priority => 0")
                _ = try await queue.enqueue("'k', key => 'equal', priority => 4")
                let above = try await look(queue, worker, from: floor)
                #expect(above.map(\.key) == ["equal"], "ranks from the floor on")
                #expect(try #require(above.first?.rank) > floor, "which tells the next floor")
                #expect(try await look(queue, worker, from: nil).map(\.key) == ["urgent"])
                let seen: Int = try await reader.query("select count(*) from converged.jobs").scalar()
                #expect(seen == 0, "the snapshot was held all the time")
                try await reader.query("rollback")
            }
        }
    }
}
