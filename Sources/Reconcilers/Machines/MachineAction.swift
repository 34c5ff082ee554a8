/// One step of a plan. Looks read, intents change memory only, everything else changes the outside with one
/// idempotent call (an update with its lease: three).
enum MachineAction: Sendable, Equatable {
    case lookApp
    case lookAddresses
    case lookVolume(id: String)
    case lookVolumes
    case lookMachine(id: String)
    case lookMachines

    case intend(Intent)

    case createApp
    case allocateAddress(kind: String)
    case createVolume(region: String)
    case extendVolume(id: String)
    case createMachine(region: String, volume: String)
    case updateMachine(id: String, version: String)
    case startMachine(id: String)
    case stopMachine(id: String)
    case restartMachine(id: String, RestartCause)
    case awaitMachine(id: String, version: String, AwaitedState)
    case deleteMachine(id: String)
    case deleteVolume(id: String)
    case deleteApp

    enum Intent: String, Sendable { case names, app, volume, machine, repair }
    enum RestartCause: String, Sendable { case requested, unhealthy }
    enum AwaitedState: String, Sendable { case started, stopped, settled }

    /// Changes something outside. Memory is stored before it.
    var isMutation: Bool {
        switch self {
        case .lookApp, .lookAddresses, .lookVolume, .lookVolumes, .lookMachine, .lookMachines, .intend, .awaitMachine:
            false
        case .createApp, .allocateAddress, .createVolume, .extendVolume, .createMachine, .updateMachine, .startMachine,
            .stopMachine, .restartMachine, .deleteMachine, .deleteVolume, .deleteApp:
            true
        }
    }

    /// Makes or removes something: not done while the fleet is frozen.
    var isCreateOrDelete: Bool {
        switch self {
        case .createApp, .allocateAddress, .createVolume, .createMachine, .deleteMachine, .deleteVolume, .deleteApp,
            .intend(.app), .intend(.volume), .intend(.machine):
            true
        default: false
        }
    }
}

extension MachineAction: CustomStringConvertible {
    var description: String {
        switch self {
        case .lookApp: "look app"
        case .lookAddresses: "look addresses"
        case .lookVolume(let id): "look volume \(id)"
        case .lookVolumes: "look volumes"
        case .lookMachine(let id): "look machine \(id)"
        case .lookMachines: "look machines"
        case .intend(let intent): "store intent \(intent.rawValue)"
        case .createApp: "create app"
        case .allocateAddress(let kind): "allocate address \(kind)"
        case .createVolume(let region): "create volume in \(region)"
        case .extendVolume(let id): "extend volume \(id)"
        case .createMachine(let region, let volume): "create machine in \(region) on \(volume)"
        case .updateMachine(let id, _): "update machine \(id)"
        case .startMachine(let id): "start machine \(id)"
        case .stopMachine(let id): "stop machine \(id)"
        case .restartMachine(let id, let cause): "restart machine \(id) (\(cause.rawValue))"
        case .awaitMachine(let id, _, let state): "await machine \(id) \(state.rawValue)"
        case .deleteMachine(let id): "delete machine \(id)"
        case .deleteVolume(let id): "delete volume \(id)"
        case .deleteApp: "delete app"
        }
    }
}
