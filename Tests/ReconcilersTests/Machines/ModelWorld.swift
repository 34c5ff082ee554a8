import Foundation
import Support

@testable import Reconcilers

/// A vendor in memory: enough of Fly to judge plans by what they do. Holds one row's objects, loses answers, lags
/// behind in lists and runs out of room when the dice say so. Notes every act that no plan may commit.
struct ModelWorld {
    struct Volume {
        var id: Int
        var region: String
        var sizeGB: Int
        var machine: Int?
        var isGone = false
        /// A machine has run on it: losing it loses data.
        var holdsData = false
        /// Lists show it from then on.
        var listedAt: Double
    }
    struct Machine {
        var id: Int
        var version: Int
        var state: MachineSight.State
        var owner: String
        var hash: String
        var shape: MachineShape
        var volume: Int?
        var isGone = false
        var health = MachineSight.Health.passing
        var listedAt: Double
    }

    var dice: Seed
    var now = 0.0
    /// One call in so many is lost, refused or full; 0: none.
    var faultRate: UInt64 = 0
    var fullRegions: Set<String> = []
    var hasApp = false
    var addresses: Set<String> = []
    var volumes: [Volume] = []
    var machines: [Machine] = []
    var isUnreachable = false
    var isFrozen = false
    var ids = 0
    var mutations = 0
    var violations: [String] = []

    var liveMachines: [Machine] { machines.filter { !$0.isGone } }
    var liveVolumes: [Volume] { volumes.filter { !$0.isGone } }

    mutating func newID() -> Int {
        ids += 1
        return ids
    }

    /// Carries an action out, or not, or without saying so.
    mutating func perform(_ action: MachineAction, for view: MachineView) -> MachineResult {
        now += 0.05
        if action.isMutation {
            mutations += 1
            judge(action, view)
        }
        guard faultRate > 0, dice.roll(faultRate) == 0 else { return answer(action, view) }
        switch dice.roll(4) {
        case 0:
            // The answer is lost after the deed.
            _ = answer(action, view)
            return .failed(action.isMutation ? .outcomeUnknown : .unavailable("lost"))
        case 1: return .failed(action.isMutation ? .outcomeUnknown : .unavailable("lost"))
        case 2: return .failed(.throttled(seconds: 1))
        default: return .failed(.unavailable("HTTP 503"))
        }
    }

    private mutating func judge(_ action: MachineAction, _ view: MachineView) {
        let desired = view.desired
        if isFrozen, action.isCreateOrDelete { violations.append("\(action) while frozen") }
        switch action {
        case .startMachine, .stopMachine, .restartMachine, .updateMachine, .deleteMachine:
            if isUnreachable { violations.append("\(action) on a host that does not answer") }
            if case .deleteMachine(let id) = action, !desired.isDeleting,
                let machine = machines.first(where: { "m\($0.id)" == id }), machine.volume != nil
            {
                violations.append("\(action) without tombstone")
            }
        case .deleteVolume(let id):
            let volume = volumes.first { "v\($0.id)" == id }
            if !desired.isDeleting, volume?.holdsData ?? false { violations.append("\(action) with data on it") }
        case .deleteApp:
            if !desired.isDeleting { violations.append("\(action) without tombstone") }
        case .createApp, .allocateAddress, .createVolume, .createMachine, .extendVolume:
            if desired.isDeleting { violations.append("\(action) under a tombstone") }
        default: break
        }
    }
}

extension Seed {
    /// 0 ..< sides.
    mutating func roll(_ sides: UInt64) -> UInt64 { next() % sides }
}
