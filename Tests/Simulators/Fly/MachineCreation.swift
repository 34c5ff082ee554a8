extension FlyWorld {
    mutating func createMachine(_ request: FlyRequest) throws -> FlyReply {
        var app = try app(request)
        var config = try MachineConfig.accepted(request.body["config"])
        let name = try machineName(request)
        if let known = app.names[name] { throw Refusal.machineNameTaken(id: known, name: name) }
        let volume = try mountedVolume(&config, app: app)
        let region = try Regions.choose(request.body["region"]?.string, volume: volume?.region)
        if let volume, volume.region != region { throw Refusal.volumeElsewhere(volume.id, volume.region) }
        try requireSecrets(request, app)

        let id = freshMachineID()
        let machine = FlyMachine(
            id: id, app: app.name, name: name, region: region, zone: volume?.zone ?? randomness.hex(4),
            privateIP:
                "fdaa:2:\(randomness.hex(4)):a7b:\(randomness.hex(3)):\(randomness.hex(4)):\(randomness.hex(4)):2",
            createdAt: now, createdAtList: app.lists, updatedAt: now, instanceID: ulid(), config: config,
            volume: volume?.id)
        app.names[name] = id
        app.machineIDs.append(id)
        apps[app.name] = app
        if var volume {
            volume.attachedTo = id
            change(volume)
        }
        machines[id] = machine
        var nonce: String?
        change(id) { machine, world in
            machine.render()
            machine.versions = [(machine.instanceID, machine.configText)]
            machine.cordoned = request.body["skip_service_registration"]?.bool ?? false
            world.enter(.created, &machine, event: "launch", source: "user")
            nonce = world.leaseOnRequest(request, &machine)
            if request.body["skip_launch"]?.bool ?? false {
                machine.preparedAt = world.now + world.options.bootDelay
            } else {
                world.planBoot(&machine, from: world.now)
            }
        }
        schedule(id)
        return .json(200, text(machines[id] ?? machine, nonce: nonce))
    }

    private func machineName(_ request: FlyRequest) throws -> String {
        guard let name = request.body["name"]?.string, !name.isEmpty else {
            return "aged-thunder-\(1000 + transitionCount % 9000)-\(machines.count)"
        }
        guard name.count <= 63, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
        else { throw Refusal.invalid("invalid machine name '\(name)'") }
        return name
    }

    /// The volume of the configuration's mount: there, free, and of the app. The echo gains what is known of it.
    private func mountedVolume(_ config: inout JSON, app: FlyApp) throws -> FlyVolume? {
        guard let mounts = config["mounts"]?.items, !mounts.isEmpty else { return nil }
        guard mounts.count == 1, var mount = mounts.first else {
            throw Refusal.invalid("config.mounts: only one volume is possible")
        }
        guard let id = mount["volume"]?.string, let path = mount["path"]?.string, path.hasPrefix("/") else {
            throw Refusal.invalid("config.mounts needs volume and an absolute path")
        }
        guard let volume = volumes[id], volume.app == app.name, volume.deletedAt == nil else { throw Refusal.noVolume }
        if let holder = volume.attachedTo { throw Refusal.volumeTaken(id, by: holder) }
        mount["name"] = .string(volume.name)
        mount["size_gb"] = .int(volume.sizeGB)
        mount["encrypted"] = .bool(volume.encrypted)
        config["mounts"] = [mount]
        return volume
    }

    func requireSecrets(_ request: FlyRequest, _ app: FlyApp) throws {
        guard let wanted = request.body["min_secrets_version"]?.int, wanted > 0 else { return }
        let known = app.secretsKnownAt.filter { $0.value <= now }.keys.max() ?? 0
        if known < wanted { throw Refusal.secretsBehind(wanted, known) }
    }

    private mutating func freshMachineID() -> String {
        while true {
            let id = randomness.hex(14)
            if machines[id] == nil { return id }
        }
    }
}

/// Regions that the contract lists, and the aliases that machines (not volumes) may use.
enum Regions {
    static let known = [
        "ams", "arn", "bom", "cdg", "dfw", "ewr", "fra", "gru", "iad", "jnb", "lax", "lhr", "nrt", "ord", "sin", "sjc",
        "syd", "yyz",
    ]
    private static let aliases = ["eu": "ams", "us": "iad", "any": "iad", "na": "iad", "apac": "sin", "sa": "gru"]

    /// The region of a machine; its volume decides where only an alias is given.
    static func choose(_ wanted: String?, volume: String?) throws -> String {
        guard let wanted, !wanted.isEmpty else { return volume ?? "iad" }
        let choices = wanted.split(separator: ",").map(String.init)
        for choice in choices where !known.contains(choice) && aliases[choice] == nil {
            throw Refusal.invalid("region \(choice) not found")
        }
        if let volume, choices.contains(volume) || choices.contains(where: { aliases[$0] != nil }) { return volume }
        return choices.map { aliases[$0] ?? $0 }.first ?? "iad"
    }
}
