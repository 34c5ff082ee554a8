/// What can be asked of the Machines API. The name is part of budgets, errors and logs.
public enum FlyAction: String, Sendable, CaseIterable {
    case getApp = "get-app"
    case createApp = "create-app"
    case deleteApp = "delete-app"
    case listApps = "list-apps"
    case listAddresses = "list-addresses"
    case allocateAddress = "allocate-address"
    case listVolumes = "list-volumes"
    case getVolume = "get-volume"
    case createVolume = "create-volume"
    case extendVolume = "extend-volume"
    case deleteVolume = "delete-volume"
    case listMachines = "list-machines"
    case getMachine = "get-machine"
    case createMachine = "create-machine"
    case updateMachine = "update-machine"
    case startMachine = "start-machine"
    case stopMachine = "stop-machine"
    case restartMachine = "restart-machine"
    case deleteMachine = "delete-machine"
    case waitMachine = "wait-machine"
    case acquireLease = "acquire-lease"
    case releaseLease = "release-lease"
    case listOrgMachines = "list-org-machines"
    case listOrgVolumes = "list-org-volumes"

    /// A lost answer has to be looked up (design law 6).
    public var isMutation: Bool {
        switch self {
        case .getApp, .listApps, .listAddresses, .listVolumes, .getVolume, .listMachines, .getMachine, .waitMachine,
            .listOrgMachines, .listOrgVolumes:
            false
        default: true
        }
    }

    public var isDelete: Bool {
        switch self {
        case .deleteApp, .deleteVolume, .deleteMachine, .releaseLease: true
        default: false
        }
    }
}
