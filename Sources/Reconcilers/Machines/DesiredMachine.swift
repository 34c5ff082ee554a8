import FoundationEssentials

/// What one row of `converged.machines` wants, profile and user joined in. A pure value, read by one statement.
struct DesiredMachine: Sendable, Equatable {
    var id: UUID
    var userID: UUID
    var generation: Int64
    var profileName: String
    /// Nil when no profile has that name.
    var profile: MachineProfile?
    var runs: Bool
    var isDeleting: Bool
    /// The row's region; nil means the profile's order of preference.
    var region: String?
    var image: String
    var cpuKind: String
    var cpus: Int
    var memoryMB: Int
    var volumeGB: Int
    /// The profile's and the row's environment merged, without what the daemon adds.
    var environment: [String: String]
    /// The profile's and the row's config merged, as JSON text.
    var config: String
    var inbox: String?
    var restartRequestedAt: Date?
    /// The app is proven by another machine in it, so it need not be looked at.
    var appIsProven = false
    /// Other volumes are known in the same app: a list without any volume is then not believed.
    var hasSiblings = false
    /// Creates and deletes are stopped for the whole fleet.
    var isFleetFrozen = false
    /// Restarts for bad health are stopped for the whole fleet.
    var areRepairsHalted = false
    /// One-way digest of the rendered environment, set once the gateway token is at hand. It stands for the secrets
    /// wherever the environment is compared or shown.
    var environmentDigest = ""
    /// Hash of shape and volume size, and what is wrong with the row: both set by `prepare`.
    private(set) var specHash = ""
    private(set) var fault: RowFault?

    /// Metadata `converged_owner` of our machine.
    var ownerMark: String { id.uuidString.lowercased() }

    /// Regions to try, best first.
    var regions: [String] { region.map { [$0] } ?? profile?.regions ?? [] }

    /// Computes what the planner compares again and again. Call it after the last change of a property.
    mutating func prepare() {
        specHash = shape?.hash(volumeGB: volumeGB) ?? ""
        fault = RowFault.first(in: self)
    }

    var shape: MachineShape? {
        profile.map { profile in
            MachineShape(
                image: image, cpuKind: cpuKind, cpus: cpus, memoryMB: memoryMB,
                environmentDigest: environmentDigest, volumePath: profile.volumePath, port: profile.internalPort,
                handlers: profile.handlers, checkPath: profile.checkPath,
                checkGraceSeconds: profile.checkGraceSeconds, restartPolicy: profile.restartPolicy)
        }
    }
}
