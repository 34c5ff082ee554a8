import Foundation
import Postgres
import Queue
import Support
import Testing

@testable import Reconcilers

/// 14 PAs on three droplets, a real worker, a real database.
@Suite struct RolloutFleetTests {
    @Test func twoFailingMembersHaltItCleanlyAndARevertTakesItBack() async throws {
        try await RolloutStage.with { stage in
            let rollout = try await stage.start(budget: 1)
            let failing: Set = ["pa05", "pa09"]
            try await stage.working {
                try await stage.play(rollout, until: "halted", failing: failing)
                let why: String = try await stage.operators.query(
                    "select why from converged.rollouts where id = \(rollout)"
                ).scalar()
                #expect(
                    why == """
                        2 failed, 1 may: pa05 (RolledBack: the gateway never answered), pa09 (RolledBack: the gateway never answered)
                        """)
                try await eventually("what was under way has ended") {
                    try await stage.answer(failing: failing)
                    return try await stage.states(rollout)["updating"] == nil
                }
                let states = try await stage.states(rollout)
                #expect(states["failed"] == 2 && (states["waiting"] ?? 0) > 0 && states["skipped"] == nil)
                #expect(try await stage.renewed() == 14 - (states["waiting"] ?? 0), "who waited was not touched")
                #expect(try await stage.condition(rollout, "Progressing") == "False/RolloutHalted")
                #expect(try await stage.condition(rollout, "Done") == "False/RolloutHalted")

                try await stage.operators.query("select converged.revert_rollout(\(rollout), 'two are down')")
                let waiting = states["waiting"] ?? 0
                try await stage.play(rollout, until: "reverted", failing: failing)
                #expect(try await stage.states(rollout) == ["reverted": 14 - waiting, "skipped": waiting])
                #expect(try await stage.renewed() == 0)
                try await eventually("the conditions tell it") {
                    try await stage.condition(rollout, "Done") == "True/Reverted"
                }
            }
        }
    }

    @Test func aGoodImageReachesEverybodyBatchByBatch() async throws {
        try await RolloutStage.with { stage in
            let rollout = try await stage.start(budget: 0, soak: 1)
            let batches: [Int64] = try await stage.operators.query(
                "select count(*) from converged.rollout_members where rollout = \(rollout) group by batch order by batch"
            ).column(0)
            #expect(batches == [1, 3, 3, 3, 3, 1], "a canary of fleet-1, then one of each droplet at once")
            try await stage.working {
                try await stage.play(rollout, until: "rolled out")
                try await eventually("the conditions tell it") {
                    try await stage.condition(rollout, "Done") == "True/RolledOut"
                }
            }
            #expect(try await stage.states(rollout) == ["done": 14])
            let began: [String] = try await stage.operators.query(
                """
                select message from converged.events where kind = 'rollout' and reason = 'RollingOut' and actor = 'converged'
                order by id
                """
            ).column(0)
            #expect(began.first == "began pa01" && began.dropFirst().first == "began pa02, pa03, pa04")
        }
    }

    @Test func aPersonHaltsResumesAndForgives() async throws {
        try await RolloutStage.with(pas: 4, droplets: 2) { stage in
            let rollout = try await stage.start(budget: 0)
            try await stage.working {
                try await stage.play(rollout, until: "halted", failing: ["pa01"])
                #expect(try await stage.states(rollout) == ["failed": 1, "waiting": 3], "the canary failed")
                try await stage.operators.query("select converged.resume_rollout(\(rollout), 'its disk was full')")
                try await stage.play(rollout, until: "rolled out", failing: ["pa01"])
            }
            #expect(try await stage.states(rollout) == ["failed": 1, "done": 3])
            let stories: [String] = try await stage.operators.query(
                "select reason from converged.events where kind = 'rollout' and reason <> 'RollingOut' order by id"
            ).column(0)
            #expect(stories == ["Requested", "RolloutHalted", "RolledOut"])
        }
    }

    @Test func whoIsDeletedPausedOrEditedMeanwhileIsLeftOutAndSaid() async throws {
        try await RolloutStage.with(pas: 5, droplets: 1) { stage in
            let rollout = try await stage.start(budget: 0)
            try await stage.operators.batch([
                "update converged.pas set deleted_at = converged.now() where name = 'pa02'",
                "update converged.pas set image = 'mine:1' where name = 'pa03'",
                """
                select converged.pause('pa@fleet-1', (select id::text from converged.pas where name = 'pa04'), 'debugging')
                """,
                "select converged.pause('pa', '', 'incident')",
            ])
            try await stage.working {
                try await eventually("all wait for the kind's pause") {
                    let why: String = try await stage.operators.query(
                        "select why from converged.rollouts where id = \(rollout)"
                    ).scalar()
                    return why.contains("(pa is paused by")
                }
                #expect(try await stage.renewed() == 0)
                try await stage.operators.batch([
                    "select converged.resume('pa')",
                    SQL("select converged.wake('rollout', $1, true)", bind: [String(rollout).postgresCell]),
                ])
                try await stage.play(rollout, until: "rolled out")
            }
            let whys: [String] = try await stage.operators.query(
                "select why from converged.rollout_members where rollout = \(rollout) order by name"
            ).column(0)
            #expect(whys[1] == "it is being deleted" && whys[2] == "somebody gave it another image: mine:1")
            #expect(whys[3].hasPrefix("paused by ") && whys[3].hasSuffix(": debugging"))
            #expect(try await stage.states(rollout) == ["done": 2, "skipped": 3])
        }
    }
}
