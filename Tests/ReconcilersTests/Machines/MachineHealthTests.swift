import Foundation
import Testing

@testable import Reconcilers

@Suite struct MachineHealthTests {
    /// Looks at a sick machine after so many seconds, and does what is decided.
    private func look(_ view: inout MachineView, after seconds: Double, health: MachineSight.Health) -> MachineStep {
        view.now += seconds
        view.observed = ObservedMachine()
        var machine = MachinePlanTests.running().observed.machine.thing!
        machine.health = health
        view.fold(.lookMachine(id: "m1"), .machine(machine))
        var step = view.next()
        if step == .act(.intend(.repair)) {
            view.fold(.intend(.repair), .done)
            step = view.next()
            view.fold(.restartMachine(id: "m1", .unhealthy), .done)
        }
        return step
    }

    @Test func aFailingCheckIsEnduredThenRestartedThreeTimesThenLeftToPeople() {
        var view = MachinePlanTests.running()
        let restart = MachineStep.act(.restartMachine(id: "m1", .unhealthy))
        #expect(look(&view, after: 0, health: .critical) != restart)
        #expect(look(&view, after: 60, health: .critical) != restart)
        for _ in 0..<3 { #expect(look(&view, after: 121, health: .critical) == restart) }
        for _ in 0..<20 {
            #expect(look(&view, after: 600, health: .critical).reason == .restartLimit)
        }
        #expect(look(&view, after: 1, health: .passing) == .end(.settled(.running)))
        #expect(view.memory.unhealthySince == nil)
        // A new sickness long after the old one may be cured again.
        _ = look(&view, after: 7200, health: .critical)
        #expect(look(&view, after: 121, health: .critical) == restart)
    }

    @Test func aChangedRowDeservesNewAttempts() {
        var view = MachinePlanTests.running { $0.memory.repairs = 3 }
        view.desired.generation += 1
        view.begin()
        #expect(view.memory.repairs == 0)
    }

    @Test func aBoundedFleetRestartsNobody() {
        var view = MachinePlanTests.running { $0.desired.areRepairsHalted = true }
        _ = look(&view, after: 0, health: .critical)
        #expect(look(&view, after: 200, health: .critical).reason == .repairsHalted)
    }

    @Test func statusSpeaksOneOfFiveWords() {
        let view = MachinePlanTests.running { $0.memory.status = "stopped" }
        let cases: [(RunEnding, String, String)] = [
            (.settled(.running), "running", "True"),
            (.settled(.stopped), "stopped", "True"),
            (.blocked(.quotaExceeded, "", lookAgainSeconds: nil), "error", "False"),
            (.again(seconds: 1, .starting, ""), "stopped", "False"),
            (.again(seconds: 1, .restartLimit, ""), "error", "False"),
            (.again(seconds: 1, .hostUnreachable, ""), "error", "Unknown"),
            (.retry(.startFailed, ""), "error", "False"),
            (.retry(.vendorUnavailable, ""), "stopped", "Unknown"),
        ]
        for (ending, status, ready) in cases {
            let report = MachineReport(view, ending)
            #expect(report.memory.status == status, "\(ending)")
            #expect(report.conditions.first?.status == ready, "\(ending)")
            #expect(report.memory.observedGeneration == view.desired.generation)
        }
        var deleting = view
        deleting.desired.isDeleting = true
        #expect(MachineReport(deleting, .retry(.vendorUnavailable, "")).memory.status == "deleting")
    }
}
