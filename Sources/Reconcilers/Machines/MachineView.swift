import FoundationEssentials

/// Everything a decision depends on. `next` decides, `fold` learns; both are pure.
///
///     read row ─▶ MachineView ─▶ next ─▶ action ─▶ perform ─▶ fold ─▶ next … ─▶ end
struct MachineView: Sendable {
    var desired: DesiredMachine
    var memory: MachineMemory
    var observed = ObservedMachine()
    /// Database time: of the read, plus what has passed since.
    var now: Date
    var limits = MachineLimits()

    /// The next action, or the end of the run. Creates and deletes wait while the fleet is frozen.
    func next() -> MachineStep {
        let step = desired.isDeleting ? deletion() : convergence()
        if desired.isFleetFrozen, case .act(let action) = step, action.isCreateOrDelete {
            return .end(
                .again(
                    seconds: limits.patienceSeconds, .frozen,
                    "waits to \(action): creates and deletes are stopped for the fleet"))
        }
        if case .act(let action) = step, action == observed.lost, action.isMutation {
            // It was looked up, and is still to be done: not at once, the vendor may be in trouble.
            return .end(.retry(.vendorUnavailable, "the answer to \"\(action)\" was lost"))
        }
        return step
    }

    /// What a new run may forget: a changed row deserves new attempts.
    mutating func begin() {
        if desired.isDeleting { memory.status = "deleting" }
        if memory.regionAttempt >= desired.regions.count { memory.regionAttempt = 0 }
        if memory.observedGeneration != desired.generation {
            memory.repairs = 0
            memory.repairsSince = nil
            if memory.volumeID == nil { memory.regionAttempt = 0 }
        }
        if !memory.appReady, desired.appIsProven, let profile = desired.profile, profile.appMode == .shared {
            memory.app = memory.app ?? profile.app
            memory.machineName = memory.machineName ?? profile.machineName
            memory.volumeName = memory.volumeName ?? profile.volumeName
            memory.appReady = true
        }
    }

    /// The reason to show while something is on its way.
    var progress: Reason {
        if desired.isDeleting { return .deleting }
        if memory.runningAt == nil { return .provisioning }
        if observed.tried.contains(.update) { return .updating }
        if observed.tried.contains(.restart) { return .restarting }
        return desired.runs ? .starting : .stopping
    }

    func secondsSince(_ date: Date?) -> Double {
        date.map { now.timeIntervalSince($0) } ?? .infinity
    }
}
