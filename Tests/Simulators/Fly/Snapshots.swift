/// What is there, for assertions.
extension FlySimulator {
    public struct AppSnapshot: Sendable {
        public let name: String
        public let org: String
        public let network: String
        public let createdAt: Duration
        public let deletedAt: Duration?
        /// Address by type.
        public let addresses: [(address: String, type: String)]
        public let secrets: [String: String]
        public let secretsVersion: Int
    }

    public struct MachineSnapshot: Sendable {
        public let id: String
        public let app: String
        public let name: String
        public let region: String
        public let state: String
        public let instanceID: String
        /// As the API echoes it, with defaults.
        public let config: JSON
        public let image: String
        public let volume: String?
        public let cordoned: Bool
        public let leaseOwner: String?
        /// Checks that are not passing now.
        public let failingChecks: Int
        /// How many versions there were.
        public let versions: Int
        public let restarts: Int
        public let createdAt: Duration
        public let destroyedAt: Duration?
        public var isLive: Bool { destroyedAt == nil }
    }

    public struct VolumeSnapshot: Sendable {
        public let id: String
        public let app: String
        public let name: String
        public let region: String
        public let state: String
        public let sizeGB: Int
        public let encrypted: Bool
        public let attachedTo: String?
        public let createdAt: Duration
        public let deletedAt: Duration?
        public var isLive: Bool { deletedAt == nil }
    }

    /// All apps, deleted ones included, in order of creation.
    public var apps: [AppSnapshot] {
        backend.locked { world in
            world.apps.values.sorted { $0.number < $1.number }.map { app in
                AppSnapshot(
                    name: app.name, org: app.org, network: app.network, createdAt: app.createdAt,
                    deletedAt: app.deletedAt, addresses: app.addresses.map { ($0.address, $0.type) },
                    secrets: app.secrets.mapValues(\.value), secretsVersion: app.secretsVersion)
            }
        }
    }

    public func app(_ name: String) -> AppSnapshot? { apps.first { $0.name == name && $0.deletedAt == nil } }

    /// Machines of an app (or all), destroyed ones included, in order of creation.
    public func machines(app: String? = nil) -> [MachineSnapshot] {
        backend.locked { world in
            let ids = app.map { world.apps[$0]?.machineIDs ?? [] }
            let machines =
                ids?.compactMap { world.machines[$0] }
                ?? world.machines.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            return machines.map { Self.snapshot($0, world) }
        }
    }

    private static func snapshot(_ machine: FlyMachine, _ world: FlyWorld) -> MachineSnapshot {
        MachineSnapshot(
            id: machine.id, app: machine.app, name: machine.name, region: machine.region,
            state: machine.state.rawValue, instanceID: machine.instanceID, config: machine.config,
            image: machine.image, volume: machine.volume, cordoned: machine.cordoned,
            leaseOwner: world.lease(of: machine)?.owner,
            failingChecks: world.checks(of: machine).count { $0["status"] != "passing" },
            versions: machine.versions.count, restarts: machine.restartCount, createdAt: machine.createdAt,
            destroyedAt: machine.destroyedAt)
    }

    public func liveMachines(app: String? = nil) -> [MachineSnapshot] { machines(app: app).filter(\.isLive) }

    public func machine(_ id: String) -> MachineSnapshot? {
        backend.locked { world in world.machines[id].map { Self.snapshot($0, world) } }
    }

    /// Volumes of an app (or all), deleted ones included, in order of creation.
    public func volumes(app: String? = nil) -> [VolumeSnapshot] {
        backend.locked { world in
            let ids = app.map { world.apps[$0]?.volumeIDs ?? [] }
            let volumes =
                ids?.compactMap { world.volumes[$0] }
                ?? world.volumes.values.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
            return volumes.map { volume in
                VolumeSnapshot(
                    id: volume.id, app: volume.app, name: volume.name, region: volume.region,
                    state: world.state(of: volume), sizeGB: volume.sizeGB, encrypted: volume.encrypted,
                    attachedTo: volume.attachedTo, createdAt: volume.createdAt, deletedAt: volume.deletedAt)
            }
        }
    }

    public func liveVolumes(app: String? = nil) -> [VolumeSnapshot] { volumes(app: app).filter(\.isLive) }

    /// What exists beyond the expected: other apps of the organisation, machines or volumes beyond the expected number
    /// of an app, volumes that no machine holds, addresses of one type twice. Empty when nothing leaked.
    public func leaks(
        expectedApps: Set<String>, machinesPerApp: Int = 1, volumesPerApp: Int = 1
    ) -> [String] {
        var leaks: [String] = []
        for app in apps where app.org == org && app.deletedAt == nil {
            guard expectedApps.contains(app.name) else {
                leaks.append("app \(app.name) is not expected")
                continue
            }
            let machines = liveMachines(app: app.name)
            let volumes = liveVolumes(app: app.name)
            if machines.count > machinesPerApp {
                leaks.append("app \(app.name) has \(machines.count) machines: \(machines.map(\.name))")
            }
            if volumes.count > volumesPerApp {
                leaks.append("app \(app.name) has \(volumes.count) volumes: \(volumes.map(\.id))")
            }
            for volume in volumes where volume.attachedTo == nil {
                leaks.append("volume \(volume.id) of \(app.name) belongs to no machine")
            }
            for (type, group) in Dictionary(grouping: app.addresses, by: \.type) where group.count > 1 {
                leaks.append("app \(app.name) has \(group.count) addresses of type \(type)")
            }
        }
        return leaks
    }
}
