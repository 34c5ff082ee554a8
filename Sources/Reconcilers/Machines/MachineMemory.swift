import FoundationEssentials

/// What the row remembers: intents, ids and counters. The planner reads it, the fold changes it, and it is stored
/// before every call that changes something outside.
struct MachineMemory: Sendable, Equatable {
    var observedGeneration: Int64 = 0
    var profileGeneration: Int64 = 0
    var status = "provisioning"
    var gatewayURL: String?
    /// Sealed; opened only while the environment is rendered.
    var sealedToken: String?
    var app: String?
    var machineName: String?
    var volumeName: String?
    var appReady = false
    /// Since when this machine is the one that makes its app and the app's addresses.
    var appAskedAt: Date?
    var volumeAskedAt: Date?
    var volumeLooks = 0
    var volumeID: String?
    var machineAskedAt: Date?
    var machineLooks = 0
    var machineID: String?
    var instanceID: String?
    var region: String?
    var regionAttempt = 0
    var specHash: String?
    var restartedAt: Date?
    var repairs = 0
    var repairsSince: Date?
    var unhealthySince: Date?
    var runningAt: Date?
    var statusAt: Date?

    /// Nothing was ever asked of the vendor.
    var isUntouched: Bool { app == nil }
    /// The volume cannot hold anything yet: no machine ever started on it.
    var isVolumeFresh: Bool { machineID == nil && machineAskedAt == nil && instanceID == nil && runningAt == nil }
}
