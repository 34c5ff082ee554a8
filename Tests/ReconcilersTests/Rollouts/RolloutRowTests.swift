import Foundation
import Postgres
import Queue
import Support
import Testing

@testable import Reconcilers

/// What the functions of sql/0020 and 0024 refuse, and to whom.
@Suite struct RolloutRowTests {
    @Test func whatCantBeIsRefusedInWords() async throws {
        try await RolloutStage.with(pas: 4, droplets: 2) { stage in
            for image in ["", "no version", "claw", "Claw:1", "claw:", "claw:1;rm", "claw@sha256:12", "a//b:1"] {
                let error = await #expect(throws: PostgresError.self) { _ = try await stage.start(image) }
                #expect(error?.sqlState == "22023" && error?.hint?.contains("ghcr.io") == true, "\(image)")
            }
            for image in [
                "claw:1", "localhost:5000/claw:1.2-x", "ghcr.io/a/b@sha256:\(String(repeating: "a", count: 64))",
            ] {
                let fits: Bool = try await stage.owner.query("select converged.is_versioned_image(\(image))").scalar()
                #expect(fits, "\(image)")
            }
            let team = await #expect(throws: PostgresError.self) { _ = try await stage.start(team: "gamma") }
            #expect(team?.sqlState == "CV404")
            let idle = await #expect(throws: PostgresError.self) { _ = try await stage.start(RolloutStage.oldImage) }
            #expect(idle?.sqlState == "CV409" && idle?.message.hasPrefix("no PA needs it") == true)
            let none: Int64 = try await stage.owner.query("select count(*) from converged.rollouts").scalar()
            #expect(none == 0)
        }
    }

    @Test func twoRolloutsNeverHaveTheSamePAs() async throws {
        try await RolloutStage.with(pas: 4, droplets: 2) { stage in
            let first = try await stage.start(team: "alpha")
            let both = await #expect(throws: PostgresError.self) { _ = try await stage.start("claw:9") }
            #expect(both?.sqlState == "CV409")
            #expect(both?.message.contains("covers 2 of these PAs (pa01 first) and is rolling") == true)
            _ = try await stage.start("claw:9", team: "beta")
            let running = await #expect(throws: PostgresError.self) {
                _ = try await stage.start("claw:8", team: "alpha", replaces: true)
            }
            #expect(running?.sqlState == "CV409" && running?.hint?.contains("halt \(first)") == true)
            try await stage.operators.query("select converged.halt_rollout(\(first))")
            let next = try await stage.start("claw:8", team: "alpha", replaces: true)
            #expect(try await stage.stands(first) == "rolled out")
            #expect(try await stage.states(first) == ["skipped": 2])
            #expect(try await stage.stands(next) == "rolling out")
            // What was replaced can't go back under the one that took its place.
            try await stage.owner.query("update converged.rollout_members set state = 'done' where rollout = \(first)")
            let back = await #expect(throws: PostgresError.self) {
                try await stage.operators.query("select converged.revert_rollout(\(first))")
            }
            #expect(back?.sqlState == "CV409")
        }
    }

    @Test func eachWordFitsOnlySomeStates() async throws {
        try await RolloutStage.with(pas: 2, droplets: 1) { stage in
            let id = try await stage.start()
            for (call, state) in [
                ("resume_rollout(\(id))", "CV409"), ("halt_rollout(99)", "CV404"), ("halt_rollout(\(id))", nil),
                ("halt_rollout(\(id))", "CV409"), ("revert_rollout(\(id))", nil), ("revert_rollout(\(id))", "CV409"),
            ] {
                var refusal: String?
                do {
                    try await stage.operators.query("select converged.\(raw: call)")
                } catch let error as PostgresError { refusal = error.sqlState }
                #expect(refusal == state, "\(call)")
            }
        }
    }

    @Test func nobodyMovesItPastTheFunctions() async throws {
        try await RolloutStage.with(pas: 2, droplets: 1) { stage in
            let id = try await stage.start()
            let web = stage.test.open(role: "converged_web")
            let calls: [(Database, SQL)] = [
                (stage.daemon, "update converged.pas set image = 'claw:1'"),
                (stage.daemon, "update converged.rollouts set state = 'done'"),
                (stage.daemon, "update converged.rollout_members set state = 'done'"),
                (stage.daemon, "select converged.halt_rollout(\(id))"),
                (web, "select converged.revert_rollout(\(id))"), (web, "delete from converged.rollouts"),
                (stage.operators, "select converged.advance_rollout(1, 1, \(id), 1, '[]', 'done', '', 'RolledOut')"),
                (stage.operators, "select converged.tell_rollout(\(id), 'done', '', 'RolledOut')"),
            ]
            for (role, sql) in calls {
                let error = await #expect(throws: PostgresError.self) { try await role.query(sql) }
                #expect(error?.sqlState == "42501", "\(sql.text)")
            }
            let asked = await #expect(throws: PostgresError.self) {
                try await web.query("select converged.start_rollout('claw:9', droplet => 'fleet-1')")
            }
            #expect(asked?.sqlState == "CV409", "the web app may start one, and is refused for its reasons alone")
            await web.close()
        }
    }

    @Test func aStepNeedsTheLeaseAndTheViewOfNow() async throws {
        try await RolloutStage.with(pas: 2, droplets: 1) { stage in
            let id = try await stage.start()
            let view = try #require(try await RolloutView.read(id, from: stage.daemon))
            let plan = RolloutPlan(view)
            #expect(plan.changes.map(\.begins) == [true])
            let lost = await #expect(throws: PostgresError.self) {
                try await stage.daemon.batch(try plan.writes(stage.lease(id, job: 1, fence: 1), seen: view.rollout))
            }
            #expect(lost?.sqlState == "CV001")
            let foreign = try await stage.hold("rollout", "\(id + 1)")
            let other = await #expect(throws: PostgresError.self) {
                try await stage.daemon.batch(
                    try plan.writes(stage.lease(id, job: foreign.0, fence: foreign.1), seen: view.rollout))
            }
            #expect(other?.sqlState == "42501")
            let held = try await stage.hold("rollout", "\(id)")
            let lease = stage.lease(id, job: held.0, fence: held.1)
            try await stage.operators.query("select converged.halt_rollout(\(id))")
            try await lease.write(try plan.writes(lease, seen: view.rollout))
            #expect(try await stage.renewed() == 0, "a person's word in between wins")
            try await stage.operators.query("select converged.resume_rollout(\(id))")
            let now = try #require(try await RolloutView.read(id, from: stage.daemon))
            try await stage.operators.query("update converged.pas set image = 'mine:1' where name = 'pa01'")
            try await lease.write(try RolloutPlan(now).writes(lease, seen: now.rollout))
            #expect(try await stage.renewed() == 0, "what has another image by now is looked at anew")
            #expect(try await stage.states(id) == ["waiting": 2])
        }
    }
}

extension RolloutStage {
    func lease(_ rollout: Int64, job: Int64, fence: Int64) -> Lease {
        Lease(job: job, fence: fence, kind: "rollout", key: "\(rollout)", wokenAt: Date(), database: daemon)
    }

    /// A running job of this key: its number and its fence.
    func hold(_ kind: String, _ key: String) async throws -> (Int64, Int64) {
        try await owner.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select \(kind), 'default', \(key), 'running', 0, now, now, now, now, nextval('converged.fences')
            from converged.now() as now returning id, fence
            """
        )[0].decode((Int64, Int64).self)
    }
}
