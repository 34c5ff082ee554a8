import FoundationEssentials

/// What the vendor showed during this run.
struct ObservedMachine: Sendable, Equatable {
    var app: Seen<AppSight> = .unknown
    /// Kinds of address that the app has.
    var addresses: Seen<Set<String>> = .unknown
    var volume: Seen<VolumeSight> = .unknown
    var machine: Seen<MachineSight> = .unknown
    /// A machine that holds our name or our volume and has to be looked at before it is believed to be ours.
    var candidate: String?
    /// The call that failed and what follows from it; ends the run.
    var problem: Problem?
    /// The last change whose answer was lost.
    var lost: MachineAction?
    /// Newest start of the machine before a restart whose answer was lost.
    var lostRestartMark: Int64?
    /// What was already tried in this run, so that no run repeats itself.
    var tried: Tried = []
}

struct Tried: OptionSet, Sendable, Equatable {
    let rawValue: Int
    static let wait = Tried(rawValue: 1 << 0)
    static let start = Tried(rawValue: 1 << 1)
    static let stop = Tried(rawValue: 1 << 2)
    static let restart = Tried(rawValue: 1 << 3)
    static let create = Tried(rawValue: 1 << 4)
    static let update = Tried(rawValue: 1 << 5)
    static let deleteMachine = Tried(rawValue: 1 << 6)
    static let deleteVolume = Tried(rawValue: 1 << 7)
    static let deleteApp = Tried(rawValue: 1 << 8)
    static let listVolumes = Tried(rawValue: 1 << 9)
    static let listMachines = Tried(rawValue: 1 << 10)
    static let extend = Tried(rawValue: 1 << 11)
    static let repair = Tried(rawValue: 1 << 12)
    static let createApp = Tried(rawValue: 1 << 13)
    /// The machine was never asked for before this run, and no answer was lost since.
    static let firstAsk = Tried(rawValue: 1 << 14)
}

/// An app of our organisation.
struct AppSight: Sendable, Equatable {
    var network: String
}

struct VolumeSight: Sendable, Equatable {
    var id: String
    var sizeGB: Int
    var region: String
    var attachedTo: String?
}

struct MachineSight: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        case created, starting, started, stopping, stopped, suspending, suspended, restarting
        case updating, replacing, failed, destroying
        /// A state that this version does not know: treated as passing.
        case other

        /// It ends by itself in a lasting state.
        var isPassing: Bool {
            switch self {
            case .started, .stopped, .suspended, .failed, .destroying: false
            case .created, .starting, .stopping, .suspending, .restarting, .updating, .replacing, .other: true
            }
        }
    }

    enum Health: String, Sendable { case passing, pending, critical }

    var id: String
    var name: String
    var state: State
    var instanceID: String
    var region: String
    /// Metadata `converged_owner`: the row's id when the machine is ours.
    var owner: String?
    /// Metadata `converged_hash`: the specification that was applied last.
    var hash: String?
    /// The volume that is mounted, if any.
    var volumeID: String?
    /// Nil when the host shows no complete config.
    var shape: MachineShape?
    /// False when the machine's host does not answer: what is shown may be old.
    var isReachable: Bool
    var health: Health
    /// When it started last, by the vendor's clock in milliseconds: a later one proves a restart.
    var startMark: Int64 = 0
    /// Last exit or launch error, in the vendor's words.
    var failure: String?
}
