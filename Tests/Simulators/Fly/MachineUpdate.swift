extension FlyWorld {
    mutating func updateMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        let app = try app(request)
        if let wanted = request.body["current_version"]?.string, wanted != machine.instanceID {
            throw Refusal.concurrentUpdate
        }
        if machine.state == .replacing { throw Refusal.replacing("update") }
        if machine.state == .destroying { throw Refusal.wrongState("update", machine.state.rawValue) }
        for (field, kept) in [("name", machine.name), ("region", machine.region)] {
            if let sent = request.body[field]?.string, sent != kept {
                violate(.immutableField, "update-machine changes \(field) from \(kept) to \(sent)")
                throw Refusal.invalid("\(field) of a machine cannot be changed")
            }
        }
        var config = try MachineConfig.accepted(request.body["config"])
        config["mounts"] = try keptMounts(config, machine)
        try requireSecrets(request, app)
        var nonce: String?
        change(machine.id) { machine, world in
            let wasRunning = [.started, .starting, .restarting].contains(machine.state)
            let launches = wasRunning && !(request.body["skip_launch"]?.bool ?? false)
            machine.instanceID = world.ulid()
            machine.config = config
            machine.versions.append((machine.instanceID, machine.configText))
            machine.checkStatus = nil
            machine.restartCount = 0
            if let skip = request.body["skip_service_registration"]?.bool { machine.cordoned = skip }
            world.enter(.replacing, &machine, event: "update", source: "user")
            let replaced = world.now + world.options.replaceDelay
            if launches {
                world.planBoot(&machine, from: replaced)
            } else {
                // "machine was in a non-started state prior to the update so leaving the new version stopped"
                world.plan(&machine, [Step(due: replaced, state: .stopped, event: "update")])
            }
            nonce = world.leaseOnRequest(request, &machine)
        }
        schedule(machine.id)
        return .json(200, text(machines[machine.id] ?? machine, nonce: nonce))
    }

    /// The volume of a machine stays; only where and how it is mounted may change.
    private func keptMounts(_ config: JSON, _ machine: FlyMachine) throws -> JSON? {
        let sent = config["mounts"]?.items ?? []
        guard sent.first?["volume"]?.string == machine.volume, sent.count <= 1 else {
            throw Refusal.invalid("the volume of a machine cannot be changed by an update")
        }
        guard var mount = sent.first, let id = machine.volume, let volume = volumes[id] else {
            return config["mounts"]
        }
        mount["name"] = .string(volume.name)
        mount["size_gb"] = .int(volume.sizeGB)
        mount["encrypted"] = .bool(volume.encrypted)
        return [mount]
    }
}
