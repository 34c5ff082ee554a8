import Foundation
import Postgres

/// 2 000 jobs a second, and then somebody leaves a transaction open: dead rows cannot be cleaned away any more.
enum HeldSnapshotBench {
    static let perSecond = 2_000
    static let windowSeconds = 30.0
    static let holdSeconds =
        ProcessInfo.processInfo.environment["BENCH_HOLD_SECONDS"].flatMap(Double.init) ?? 300

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build(countsStatements: true)
        try await rig.refill(0)
        let window = min(windowSeconds, holdSeconds)
        let child = try await WorkerChild.start(rig, "worker")
        child.begin()
        let sender = Sender.rows(rig, batch: perSecond / 100, every: 10)
        async let sent = sender.run(seconds: 3 + window + holdSeconds + 2)
        try await Task.sleep(for: .seconds(3))
        let before = try await measure(rig, child, seconds: window)
        say("  before: \(Int(before.rate)) jobs/s, a claim takes \(before.claim) ms")
        let holder = try await hold(rig)
        try await Task.sleep(for: .seconds(holdSeconds - window))
        let after = try await measure(rig, child, seconds: window)
        say("  held for \(Int(holdSeconds)) s: \(Int(after.rate)) jobs/s, a claim takes \(after.claim) ms")
        try await onThread { _ = try holder.session.run("rollback") }
        _ = try await sent
        let left: Int = try await rig.owner.query("select count(*) from converged.jobs where kind = 'noop'").scalar()
        try await child.stop()
        await rig.close()
        let held = holdSeconds == 300 ? "" : ", shortened from 300 s"
        return [
            Figure(
                name: "throughput_ratio", value: after.rate / before.rate, bar: "≥ 0.5",
                meaning: "jobs/s in the last \(Int(window)) s of \(Int(holdSeconds)) s\(held), over before"),
            Figure(
                name: "claim_ratio", value: after.claim / before.claim, bar: "≤ 2",
                meaning: "mean time of a claim, the same"),
            Figure(name: "claim_before_ms", value: before.claim, meaning: "mean time of a claim, before"),
            Figure(name: "claim_after_ms", value: after.claim, meaning: "the same, in the last \(Int(window)) s"),
            Figure(name: "hold_s", value: holdSeconds, meaning: "how long the snapshot was held"),
            Figure(name: "left_behind", value: Double(left), meaning: "jobs not yet run at the end"),
        ]
    }

    private static func measure(
        _ rig: QueueRig, _ child: WorkerChild, seconds: Double
    ) async throws -> (rate: Double, claim: Double) {
        let before = (ended: child.ended, claims: try await ClaimTime.read(rig), at: ContinuousClock.now)
        try await Task.sleep(for: .seconds(seconds))
        let took = (ContinuousClock.now - before.at) / .seconds(1)
        let rate = Double(child.ended - before.ended) / took
        return (rate, try await ClaimTime.read(rig).mean(since: before.claims))
    }

    private struct Holder: @unchecked Sendable {
        /// Used by one thread at a time.
        let session: Session
    }

    private static func hold(_ rig: QueueRig) async throws -> Holder {
        try await onThread {
            let session = try Session(rig.url())
            try session.run("begin isolation level repeatable read")
            try session.run("select 1 from converged.jobs limit 1")
            return Holder(session: session)
        }
    }
}
