struct FlyVolume: Sendable {
    let id: String
    let app: String
    let name: String
    let region: String
    /// Stands for the host: a machine with this volume runs there.
    let zone: String
    let encrypted: Bool
    let fileSystem: String
    /// Restored from a snapshot or forked, so shown as `restoring` or `hydrating` first.
    let source: String?
    let createdAt: Duration
    let createdAtList: Int
    var updatedAt: Duration
    var sizeGB: Int
    var snapshotRetention: Int
    var backsUp: Bool
    var attachedTo: String?
    var deletedAt: Duration?
    var hostUnreachable = false
    var snapshots: [JSON] = []
}

extension FlyWorld {
    /// Deleted volumes can be seen, and recovered, for a day.
    static let volumeGrace = Duration.seconds(24 * 3600)

    mutating func change(_ volume: FlyVolume) {
        var volume = volume
        volume.updatedAt = now
        publish(volume)
    }

    func volume(_ request: FlyRequest) throws -> FlyVolume {
        let app = try app(request)
        guard let volume = volumes[request.target], volume.app == app.name, !isGone(volume) else {
            throw Refusal.noVolume
        }
        return volume
    }

    func isGone(_ volume: FlyVolume) -> Bool { volume.deletedAt.map { now >= $0 + Self.volumeGrace } ?? false }

    func state(of volume: FlyVolume) -> String {
        if volume.deletedAt != nil { return isGone(volume) ? "destroyed" : "pending_destroy" }
        if now >= volume.createdAt + options.volumeDelay { return "created" }
        return volume.source.map { $0.hasPrefix("vs_") ? "restoring" : "hydrating" } ?? "creating"
    }

    mutating func createVolume(_ request: FlyRequest) throws -> FlyReply {
        let app = try app(request)
        let body = request.body
        guard let name = body["name"]?.string, (1...30).contains(name.count),
            name.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "_") })
        else { throw Refusal.unprocessable("name must be up to 30 lowercase letters, numbers and underscores") }
        guard let region = body["region"]?.string, Regions.known.contains(region) else {
            throw Refusal.unprocessable("region \(body["region"]?.string ?? "") not found")
        }
        let source = body["source_volume_id"]?.string ?? body["snapshot_id"]?.string
        if let id = body["source_volume_id"]?.string, volumes[id]?.app != app.name { throw Refusal.noVolume }
        let size = body["size_gb"]?.int ?? 3
        guard (1...500).contains(size) else { throw Refusal.unprocessable("size_gb must be from 1 to 500") }
        let retention = body["snapshot_retention"]?.int ?? 5
        guard (1...60).contains(retention) else { throw Refusal.unprocessable("snapshot_retention is 1 to 60 days") }
        let volume = FlyVolume(
            id: "vol_" + randomness.base36(17), app: app.name, name: name, region: region, zone: randomness.hex(4),
            encrypted: body["encrypted"]?.bool ?? true, fileSystem: body["fstype"]?.string ?? "ext4", source: source,
            createdAt: now, createdAtList: app.lists, updatedAt: now, sizeGB: size, snapshotRetention: retention,
            backsUp: body["auto_backup_enabled"]?.bool ?? true)
        apps[app.name]?.volumeIDs.append(volume.id)
        change(volume)
        return .json(200, text(volume))
    }

    func getVolume(_ request: FlyRequest) throws -> FlyReply { .json(200, text(try volume(request))) }

    mutating func updateVolume(_ request: FlyRequest) throws -> FlyReply {
        var volume = try volume(request)
        if let retention = request.body["snapshot_retention"]?.int {
            guard (1...60).contains(retention) else {
                throw Refusal.unprocessable("snapshot_retention is 1 to 60 days")
            }
            volume.snapshotRetention = retention
        }
        if let backsUp = request.body["auto_backup_enabled"]?.bool { volume.backsUp = backsUp }
        change(volume)
        return .json(200, text(volume))
    }

    mutating func extendVolume(_ request: FlyRequest) throws -> FlyReply {
        var volume = try volume(request)
        guard volume.deletedAt == nil else { throw Refusal.noVolume }
        guard let size = request.body["size_gb"]?.int, size > volume.sizeGB, size <= 500 else { throw Refusal.shrink }
        volume.sizeGB = size
        change(volume)
        let running = volume.attachedTo.flatMap { machines[$0] }.map { $0.state == .started } ?? false
        return .json(200, "{\"volume\":\(text(volume)),\"needs_restart\":\(running)}")
    }

    mutating func deleteVolume(_ request: FlyRequest) throws -> FlyReply {
        var volume = try volume(request)
        if let machine = volume.attachedTo { throw Refusal.volumeAttached(machine) }
        if volume.deletedAt == nil {
            volume.deletedAt = now
            change(volume)
        }
        return .json(200, text(volume))
    }

    func listSnapshots(_ request: FlyRequest) throws -> FlyReply {
        .json(200, JSON.array(try volume(request).snapshots).description)
    }

    mutating func createSnapshot(_ request: FlyRequest) throws -> FlyReply {
        var volume = try volume(request)
        let id = "vs_" + randomness.base36(16)
        volume.snapshots.append([
            "id": .string(id), "size": .int(1 << 20), "volume_size": .int(volume.sizeGB << 30),
            "digest": .string("sha256:" + randomness.hex(64)), "status": "created",
            "created_at": .string(text(now)), "retention_days": .int(volume.snapshotRetention),
        ])
        change(volume)
        return .json(200, "{\"Msg\":{\"backup\":{\"graph_id\":\"\(id)\"}}}")
    }

    func text(_ volume: FlyVolume, inOrg: Bool = false) -> String {
        let attached = volume.attachedTo.map { "\"\($0)\"" } ?? "null"
        let blocks = volume.sizeGB * 262_144
        var text = "{\"id\":\"\(volume.id)\",\"name\":\"\(volume.name)\",\"state\":\"\(state(of: volume))\""
        text += ",\"size_gb\":\(volume.sizeGB),\"region\":\"\(volume.region)\",\"zone\":\"\(volume.zone)\""
        text += ",\"encrypted\":\(volume.encrypted),\"attached_machine_id\":\(attached),\"attached_alloc_id\":null"
        text += ",\"created_at\":\"\(self.text(volume.createdAt))\",\"blocks\":\(blocks),\"block_size\":4096"
        text +=
            ",\"blocks_free\":\(blocks),\"blocks_avail\":\(blocks),\"bytes_used\":0,\"bytes_total\":\(blocks * 4096)"
        text += ",\"fstype\":\"\(volume.fileSystem)\",\"snapshot_retention\":\(volume.snapshotRetention)"
        text += ",\"auto_backup_enabled\":\(volume.backsUp),\"host_dedication_key\":\"\",\"type\":\"local\""
        text += ",\"host_status\":\"\(volume.hostUnreachable ? "unreachable" : "ok")\""
        if inOrg { text += ",\"app_name\":\"\(volume.app)\",\"updated_at\":\"\(self.text(volume.updatedAt))\"" }
        return text + "}"
    }
}
