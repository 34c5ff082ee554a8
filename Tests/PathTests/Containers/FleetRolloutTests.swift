import Foundation
import Postgres
import Simulators
import Support
import Testing

/// A fleet rolls an image: what becomes of its containers.
@Suite struct FleetRolloutTests {
    @Test func twoMembersThatNeverGetHealthyHaltItAndARevertLeavesEverybodyAsBefore() async throws {
        try await FleetLane.run { lane in
            try await lane.settle("a fleet that runs", running(FleetLane.oldImage, 14))
            let before = lane.containers()
            #expect(Set(before.keys) == Set(FleetLane.names))
            try await lane.spoil(["p05", "p09"])

            let rollout: Int64 = try await lane.admin.query(
                "select converged.start_rollout(\(FleetLane.newImage), failure_budget => 1)"
            ).scalar()
            try await lane.settle(
                "the halt", "select state = 'halted' from converged.rollouts where id = \(rollout)")
            let members = try await lane.admin.query(
                "select name, state from converged.rollout_members where rollout = \(rollout)"
            ).decode((String, String).self)
            let states = Dictionary(uniqueKeysWithValues: members)
            #expect(states.filter { $0.value == "failed" }.keys.sorted() == ["p05", "p09"])
            #expect(
                states.filter { $0.value == "done" }.keys.sorted() == [
                    "p01", "p02", "p03", "p04", "p06", "p07", "p08", "p10",
                ])
            #expect(states.filter { $0.value == "waiting" }.count == 4)
            let halted = lane.containers()
            for (name, state) in states {
                #expect(halted[name]?.image == (state == "done" ? FleetLane.newImage : FleetLane.oldImage), "\(name)")
                #expect((halted[name]?.id == before[name]?.id) == (state != "done"), "\(name)")
            }
            let why: String = try await lane.admin.query(
                """
                select message from converged.conditions
                where kind = 'rollout' and type = 'Progressing' and status = 'False' and reason = 'RolloutHalted'
                """
            ).scalar()
            #expect(why.contains("2 failed, 1 may: p05 (RolledBack") && why.contains("p09 (RolledBack"))

            try await lane.admin.query("select converged.revert_rollout(\(rollout))")
            try await lane.settle("the way back", "select state = 'done' from converged.rollouts where id = \(rollout)")
            try await lane.settle("a fleet as before", running(FleetLane.oldImage, 14))
            let after = lane.containers()
            #expect(after.values.allSatisfy { $0.image == FleetLane.oldImage } && after.count == 14)
            for (name, state) in states where state != "done" {
                #expect(after[name]?.id == before[name]?.id, "\(name) never had to be made anew")
            }
        }
    }

    private func running(_ image: String, _ count: Int) -> SQL {
        """
        select count(*) = \(count) from converged.pas p
            join converged.conditions c on c.kind = 'pa' and c.key = p.id::text and c.type = 'Ready'
        where p.image = \(image) and c.status = 'True' and c.reason = 'Running' and c.generation = p.generation
        """
    }
}
