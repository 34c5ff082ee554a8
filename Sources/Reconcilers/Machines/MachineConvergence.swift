import FoundationEssentials

extension MachineView {
    /// The way to a running or stopped machine: app, addresses, volume, machine, state, health.
    func convergence() -> MachineStep {
        if let fault = desired.fault {
            return .end(.blocked(fault.reason, fault.message, lookAgainSeconds: nil))
        }
        if let problem = observed.problem { return .end(ending(of: problem)) }
        if !desired.runs, memory.machineID == nil, memory.machineAskedAt == nil {
            // Nothing that could run exists, so nothing has to be made.
            return .end(.settled(.stopped))
        }
        if memory.isUntouched { return .act(.intend(.names)) }
        if !memory.appReady { return appStep() }
        if let candidate = observed.candidate { return .act(.lookMachine(id: candidate)) }
        if let step = volumeStep() { return step }
        return machineStep()
    }

    func ending(of problem: Problem) -> RunEnding {
        switch problem {
        case .unavailable(let text): .retry(.vendorUnavailable, text)
        case .throttled(let seconds): .again(seconds: max(1, seconds), progress, "Fly asks to wait")
        case .unauthorized(let text): .retry(.vendorUnauthorized, text)
        case .nameTaken(let text): .blocked(.nameTaken, text, lookAgainSeconds: limits.blockedSeconds)
        case .foreignMachine(let text): .blocked(.foreignMachine, text, lookAgainSeconds: limits.blockedSeconds)
        case .leaseHeld(let text, let seconds): .again(seconds: seconds, .leaseHeld, text)
        case .versionConflict: .again(seconds: limits.passingSeconds, progress, "changed by somebody else meanwhile")
        case .regionFull(let text), .hostFull(let text): .retry(.capacityExhausted, text)
        case .quotaExceeded(let text): .blocked(.quotaExceeded, text, lookAgainSeconds: limits.quotaSeconds)
        case .refusedRegion(let text): .blocked(.invalidRegion, text, lookAgainSeconds: nil)
        case .refusedImage(let text): .blocked(.invalidImage, text, lookAgainSeconds: nil)
        case .refused(let text): .blocked(.specRefused, text, lookAgainSeconds: nil)
        case .busy(let text): .again(seconds: limits.lookPauseSeconds, progress, text)
        case .machineExists, .notFound, .outcomeUnknown:
            .again(seconds: limits.lookPauseSeconds, progress, "has to be looked at again")
        }
    }

    private func appStep() -> MachineStep {
        switch observed.app {
        case .unknown:
            return .act(.lookApp)
        case .absent:
            if observed.tried.contains(.createApp) {
                return .end(.again(seconds: 10, progress, "the app's name is taken, but no app shows yet"))
            }
            return .act(.createApp)
        case .present(let app):
            if let network = desired.profile?.network, app.network != network {
                let text = "app \(memory.app ?? "") exists on network \"\(app.network)\" instead of \"\(network)\""
                return .end(.blocked(.nameTaken, text, lookAgainSeconds: limits.blockedSeconds))
            }
            guard case .present(let kinds) = observed.addresses else { return .act(.lookAddresses) }
            if let missing = desired.profile?.addresses.first(where: { !kinds.contains($0) }) {
                // Nothing tells two allocations of a kind apart: of the machines that share an app one makes them.
                return .act(memory.appAskedAt == nil ? .intend(.app) : .allocateAddress(kind: missing))
            }
            return .end(.again(seconds: limits.lookPauseSeconds, progress, "addresses"))
        }
    }

    /// Nil when the volume is known as far as it has to be.
    private func volumeStep() -> MachineStep? {
        let regions = desired.regions
        if memory.volumeID == nil || memory.isVolumeFresh, memory.regionAttempt >= regions.count {
            return .end(.retry(.capacityExhausted, "no room in any of \(regions.joined(separator: ", "))"))
        }
        guard let id = memory.volumeID else {
            if memory.volumeAskedAt == nil { return .act(.intend(.volume)) }
            if observed.volume == .absent { return .act(.createVolume(region: regions[memory.regionAttempt])) }
            let isLost = memory.volumeLooks >= 2
            return isLost ? .act(.intend(.volume)) : volumeListing()
        }
        if memory.isVolumeFresh, memory.region != regions[memory.regionAttempt] {
            // Empty and in a region without room, or not where the row wants it now.
            return volumeRemovalStep(id)
        }
        return nil
    }

    /// Deletes once a run; after that only looks whether it is gone.
    func volumeRemovalStep(_ id: String) -> MachineStep {
        guard observed.tried.contains(.deleteVolume) else { return .act(.deleteVolume(id: id)) }
        guard case .present = observed.volume else { return .act(.lookVolume(id: id)) }
        return .end(.again(seconds: limits.passingSeconds, progress, "volume \(id) is going away"))
    }

    func volumeListing() -> MachineStep {
        listing(
            .lookVolumes, wasListed: observed.tried.contains(.listVolumes), looks: memory.volumeLooks,
            askedAt: memory.volumeAskedAt)
    }

    func machineListing() -> MachineStep {
        listing(
            .lookMachines, wasListed: observed.tried.contains(.listMachines), looks: memory.machineLooks,
            askedAt: memory.machineAskedAt)
    }

    /// Paces the lists that must agree on an absence: the first at once, the second not before the create had time to
    /// show. One list a run.
    private func listing(
        _ look: MachineAction, wasListed: Bool, looks: Int, askedAt: Date?
    ) -> MachineStep {
        guard looks > 0 || wasListed else { return .act(look) }
        let settle = limits.createSettleSeconds - secondsSince(askedAt)
        let pause = limits.lookPauseSeconds - (wasListed ? 0 : secondsSince(memory.statusAt))
        let wait = max(settle, pause)
        if wasListed || wait > 0.01 {
            return .end(.again(seconds: max(wait, 0.1), progress, "\(look): not found, looked at once more later"))
        }
        return .act(look)
    }
}
