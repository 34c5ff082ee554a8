import FoundationEssentials

public struct FlyVolume: Decodable, Sendable, Equatable {
    public var id: String
    /// Not unique: two volumes of an app can have the same.
    public var name: String?
    public var state: String?
    public var sizeGB: Int?
    public var region: String?
    public var encrypted: Bool?
    public var attachedMachineID: String?
    public var hostStatus: String?
    public var createdAt: String?

    enum CodingKeys: String, CodingKey {
        case id, name, state, region, encrypted
        case sizeGB = "size_gb"
        case attachedMachineID = "attached_machine_id"
        case hostStatus = "host_status"
        case createdAt = "created_at"
    }

    /// On its way out or gone; still listed for 24 hours.
    public var isGone: Bool { FlyVolume.isGone(state: state) }

    static func isGone(state: String?) -> Bool {
        switch state {
        case "scheduling_destroy", "pending_destroy", "destroying", "destroyed": true
        default: false
        }
    }
}

/// What a volume is made from. There is no idempotency key: never repeat a create without a look (design law 3).
public struct FlyVolumeRequest: Encodable, Sendable, Equatable {
    public var name: String
    public var region: String
    public var sizeGB: Int
    public var encrypted: Bool
    /// The machine that is to fit on the volume's host.
    public var compute: FlyGuest?
    public var requireUniqueZone: Bool?
    public var snapshotRetention: Int?
    public var autoBackupEnabled: Bool?
    /// Fork of this volume.
    public var sourceVolumeID: String?

    enum CodingKeys: String, CodingKey {
        case name, region, encrypted, compute
        case sizeGB = "size_gb"
        case requireUniqueZone = "require_unique_zone"
        case snapshotRetention = "snapshot_retention"
        case autoBackupEnabled = "auto_backup_enabled"
        case sourceVolumeID = "source_volume_id"
    }

    public init(
        name: String, region: String, sizeGB: Int, encrypted: Bool, compute: FlyGuest? = nil,
        requireUniqueZone: Bool? = nil, snapshotRetention: Int? = nil, autoBackupEnabled: Bool? = nil,
        sourceVolumeID: String? = nil
    ) {
        self.name = name
        self.region = region
        self.sizeGB = sizeGB
        self.encrypted = encrypted
        self.compute = compute
        self.requireUniqueZone = requireUniqueZone
        self.snapshotRetention = snapshotRetention
        self.autoBackupEnabled = autoBackupEnabled
        self.sourceVolumeID = sourceVolumeID
    }
}

/// Answer to an extension: the file system grows at the next start when `needsRestart`.
public struct FlyVolumeExtension: Decodable, Sendable, Equatable {
    public var volume: FlyVolume?
    public var needsRestart: Bool?

    enum CodingKeys: String, CodingKey {
        case volume
        case needsRestart = "needs_restart"
    }
}
