/// Changes outside of the API, behind the daemon's back. Unknown ids change nothing and answer false.
extension FlySimulator {
    @discardableResult
    public func destroyMachine(_ id: String) -> Bool {
        meddle(id) { world in
            world.change(id) { machine, world in
                world.plan(&machine, [])
                world.enter(.destroyed, &machine, event: "destroy", source: "user")
            }
        }
    }

    @discardableResult
    public func stopMachine(_ id: String) -> Bool {
        meddle(id) { $0.end(id, by: .stopping, in: .stopped, event: "exit") }
    }

    @discardableResult
    public func startMachine(_ id: String) -> Bool {
        meddle(id) { world in
            world.change(id) { machine, world in world.planBoot(&machine, from: world.now) }
            world.schedule(id)
        }
    }

    /// Its process ends by itself; the restart policy decides what follows.
    @discardableResult
    public func crashMachine(_ id: String, exitCode: Int = 1, isOutOfMemory: Bool = false) -> Bool {
        meddle(id) { $0.exitProcess(of: id, code: exitCode, isOutOfMemory: isOutOfMemory) }
    }

    /// The machine ends in `failed` and stays so until it is started or updated.
    @discardableResult
    public func failMachine(_ id: String) -> Bool {
        meddle(id) { world in
            world.change(id) { machine, world in
                world.plan(&machine, [])
                world.enter(.failed, &machine, event: "exit", source: "flyd", exit: FlyExit(code: 1))
            }
        }
    }

    /// Somebody edits the configuration: a new version that runs at once.
    @discardableResult
    public func editMachine(_ id: String, _ edit: @Sendable (inout JSON) -> Void) -> Bool {
        meddle(id) { world in
            world.change(id) { machine, world in
                edit(&machine.config)
                machine.instanceID = world.ulid()
                machine.versions.append((machine.instanceID, machine.configText))
                world.enter(machine.state, &machine, event: "update", source: "user")
            }
        }
    }

    /// Sets all checks of a machine until its next version; `nil` lets them follow its state again.
    @discardableResult
    public func setChecks(_ id: String, _ status: String?) -> Bool {
        meddle(id) { world in world.change(id) { machine, _ in machine.checkStatus = status } }
    }

    /// The host of a machine (and of its volume) no longer answers, or answers again.
    @discardableResult
    public func setHostUnreachable(_ id: String, _ unreachable: Bool = true) -> Bool {
        meddle(id) { world in
            world.change(id) { machine, _ in machine.hostUnreachable = unreachable }
            guard let id = world.machines[id]?.volume, var volume = world.volumes[id] else { return }
            volume.hostUnreachable = unreachable
            world.change(volume)
        }
    }

    /// Somebody else's lease, for so long.
    @discardableResult
    public func holdLease(_ id: String, owner: String = "somebody@example.com", for time: Duration) -> Bool {
        meddle(id) { world in
            let lease = FlyLease(
                nonce: world.randomness.hex(12), expiresAt: world.now + time, owner: owner, description: "",
                version: world.ulid(), isOurs: false)
            world.machines[id]?.lease = lease
        }
    }

    private func meddle(_ machine: String, _ body: (inout FlyWorld) -> Void) -> Bool {
        backend.locked { world in
            guard world.machines[machine]?.isLive ?? false else { return false }
            body(&world)
            return true
        }
    }

    /// An app under any name and owner. Under the own organisation it looks like one of ours without our marks.
    public func addApp(_ name: String, org: String) {
        backend.locked { _ = $0.addApp(name, org: org, network: nil, readyAt: $0.now) }
    }

    public func addForeignApp(_ name: String) {
        addApp(name, org: backend.options.foreignOrgs.first ?? "somebody-else")
    }

    public func deleteApp(_ name: String) { backend.locked { $0.removeApp(name) } }

    /// A machine that nobody asked the daemon for; started at once. Answers its id.
    @discardableResult
    public func addStrangerMachine(
        app: String, name: String, region: String = "iad", image: String = "registry-1.docker.io/library/nginx:latest",
        metadata: [String: String] = [:]
    ) throws -> String {
        try backend.locked { world in
            var request = FlyRequest(action: "create-machine", app: app, query: [:], body: [:])
            let config: JSON = [
                "image": .string(image), "metadata": .object(metadata.mapValues { .string($0) }),
            ]
            request.body = ["name": .string(name), "region": .string(region), "config": config]
            _ = try world.createMachine(request)
            guard let id = world.apps[app]?.names[name] else { throw Refusal.noMachine }
            return id
        }
    }

    /// A volume that nobody asked the daemon for. Answers its id.
    @discardableResult
    public func addStrangerVolume(app: String, name: String, region: String = "iad", sizeGB: Int = 1) throws -> String {
        try backend.locked { world in
            let body: JSON = ["name": .string(name), "region": .string(region), "size_gb": .int(sizeGB)]
            _ = try world.createVolume(FlyRequest(action: "create-volume", app: app, query: [:], body: body))
            guard let id = world.apps[app]?.volumeIDs.last else { throw Refusal.noVolume }
            return id
        }
    }

    public func detachVolume(_ id: String) {
        backend.locked { world in
            guard var volume = world.volumes[id] else { return }
            volume.attachedTo = nil
            world.change(volume)
        }
    }

    public func deleteVolume(_ id: String) {
        backend.locked { world in
            guard var volume = world.volumes[id], volume.deletedAt == nil else { return }
            volume.attachedTo = nil
            volume.deletedAt = world.now
            world.change(volume)
        }
    }

    /// Regions whose hosts the organisation's list could not ask: it leaves their machines out and says so.
    public func setErrorRegions(_ regions: Set<String>) { backend.locked { $0.errorRegions = regions } }
}
