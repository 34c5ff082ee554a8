import Support
import Systemd
import Testing

@Suite struct ProgressGateTests {
    let now = ContinuousClock.now

    @Test func nothingToCheckIsHealthy() {
        #expect(ProgressGate([]).verdict(at: now) == .healthy)
    }

    @Test func theOldestAllowedAgeIsHealthyAndALittleMoreIsNot() {
        let gate = ProgressGate([.init("database", lastProgress: now, maxAge: .seconds(30))])
        #expect(gate.verdict(at: now + .seconds(30)) == .healthy)
        #expect(gate.verdict(at: now + .seconds(30) + .nanoseconds(1)) == .stalled(["database"]))
    }

    @Test func allStalledNamesAreToldInOrder() {
        let gate = ProgressGate([
            .init("scheduler", lastProgress: now - .seconds(9), maxAge: .seconds(3)),
            .init("database", lastProgress: now, maxAge: .seconds(3)),
            .init("job 7", lastProgress: now - .seconds(90), maxAge: .seconds(60)),
        ])
        #expect(gate.verdict(at: now) == .stalled(["scheduler", "job 7"]))
    }

    /// Whatever the checks: a stall is exactly the late ones, time alone never heals, progress always does, and only
    /// differences of time count.
    @Test(arguments: 0..<200) func lawsHoldForAnyChecks(seed: UInt64) {
        var random = Seed(value: seed)
        let checks = (0..<Int.random(in: 0...6, using: &random)).map { index in
            ProgressGate.Check(
                "check \(index)", lastProgress: now - .milliseconds(Int.random(in: -50...1000, using: &random)),
                maxAge: .milliseconds(Int.random(in: 0...1000, using: &random)))
        }
        let verdict = ProgressGate(checks).verdict(at: now)
        let late = checks.filter { now - $0.lastProgress > $0.maxAge }.map(\.name)
        #expect(verdict == (late.isEmpty ? .healthy : .stalled(late)))

        let wait = Duration.milliseconds(Int.random(in: 0...500, using: &random))
        if case .stalled(let later) = ProgressGate(checks).verdict(at: now + wait) {
            #expect(Set(late).isSubset(of: later))
        } else {
            #expect(late.isEmpty)
        }
        let moved = checks.map { ProgressGate.Check($0.name, lastProgress: $0.lastProgress + wait, maxAge: $0.maxAge) }
        #expect(ProgressGate(moved).verdict(at: now + wait) == verdict)

        let fresh = checks.map { ProgressGate.Check($0.name, lastProgress: now, maxAge: $0.maxAge) }
        #expect(ProgressGate(fresh).verdict(at: now) == .healthy)
    }
}
