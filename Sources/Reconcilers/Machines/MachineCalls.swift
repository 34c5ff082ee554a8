import Vendors

/// Carries out one action. No decision is taken here: a small switch from actions to calls.
struct MachineCalls: Sendable {
    let fly: FlyClient
    let settings: MachineSettings

    /// - Parameter environment: opened only by those who render it.
    func perform(
        _ action: MachineAction, _ view: MachineView, _ environment: MachineEnvironment?
    ) async throws -> MachineResult {
        do {
            return try await call(action, view, environment)
        } catch let error as FlyError {
            return .failed(Problem(error))
        }
    }

    private func call(
        _ action: MachineAction, _ view: MachineView, _ environment: MachineEnvironment?
    ) async throws -> MachineResult {
        let app = view.memory.app ?? ""
        switch action {
        case .intend:
            return .done
        case .lookApp, .createApp, .deleteApp, .lookAddresses, .allocateAddress:
            return try await appCall(action, app, view)
        case .lookVolume, .lookVolumes, .createVolume, .extendVolume, .deleteVolume:
            return try await volumeCall(action, app, view)
        case .createMachine, .updateMachine:
            return try await configCall(action, app, view, environment)
        default:
            return try await machineCall(action, app, view)
        }
    }

    private func appCall(_ action: MachineAction, _ app: String, _ view: MachineView) async throws -> MachineResult {
        switch action {
        case .lookApp:
            let found = try await fly.getApp(app)
            if let owner = found.organization, owner != fly.org {
                return .failed(.nameTaken("app \(app) belongs to organisation \(owner)"))
            }
            return .app(AppSight(network: found.network ?? ""))
        case .createApp:
            try await fly.createApp(app, network: view.desired.profile?.network)
        case .deleteApp:
            try await fly.deleteApp(app)
        case .allocateAddress(let kind):
            guard let kind = FlyAddress.Kind(rawValue: kind) else {
                return .failed(.refused("\"\(kind)\" is no kind of address: correct machine_profiles.addresses"))
            }
            try await fly.allocateAddress(app: app, kind)
        default:
            return .addresses(Set(try await fly.listAddresses(app: app).map(\.kind.rawValue)))
        }
        return .done
    }

    private func volumeCall(
        _ action: MachineAction, _ app: String, _ view: MachineView
    ) async throws -> MachineResult {
        let desired = view.desired
        switch action {
        case .lookVolume(let id):
            let volume = try await fly.getVolume(app: app, id: id)
            return volume.isGone ? .failed(.notFound) : .volume(VolumeSight(volume))
        case .createVolume(let region):
            let guest = FlyGuest(cpuKind: desired.cpuKind, cpus: desired.cpus, memoryMB: desired.memoryMB)
            let request = FlyVolumeRequest(
                name: view.memory.volumeName ?? "", region: region, sizeGB: desired.volumeGB,
                encrypted: desired.profile?.volumeEncrypted ?? true, compute: guest)
            return .volume(VolumeSight(try await fly.createVolume(app: app, request)))
        case .extendVolume(let id):
            let grown = try await fly.extendVolume(app: app, id: id, sizeGB: desired.volumeGB)
            if let volume = grown.volume { return .volume(VolumeSight(volume)) }
            return .volume(VolumeSight(try await fly.getVolume(app: app, id: id)))
        case .deleteVolume(let id):
            try await fly.deleteVolume(app: app, id: id)
            return .done
        default:
            let all = try await fly.listVolumes(app: app)
            let ours = all.filter { $0.name == view.memory.volumeName && !$0.isGone }
                .sorted { ($0.createdAt ?? "", $0.id) < ($1.createdAt ?? "", $1.id) }
            return .volumes(ours.map(VolumeSight.init), total: all.count)
        }
    }

    private func machineCall(
        _ action: MachineAction, _ app: String, _ view: MachineView
    ) async throws -> MachineResult {
        switch action {
        case .lookMachine(let id):
            let machine = try await fly.getMachine(app: app, id: id)
            return machine.isGone ? .failed(.notFound) : .machine(MachineSight(machine))
        case .startMachine(let id): try await fly.startMachine(app: app, id: id)
        case .stopMachine(let id): try await fly.stopMachine(app: app, id: id)
        case .restartMachine(let id, _): try await fly.restartMachine(app: app, id: id)
        case .deleteMachine(let id): try await fly.deleteMachine(app: app, id: id)
        case .awaitMachine(let id, let version, let state):
            try await fly.waitMachine(
                app: app, id: id, state: FlyWaitState(rawValue: state.rawValue) ?? .settled, version: version,
                timeoutSeconds: settings.waitSeconds)
        default:
            // Only those with our mark: a shared app holds thousands. A stranger under our name shows when a create is refused.
            let ours = try await fly.listMachines(app: app, metadata: (FlyMark.owner, view.desired.ownerMark))
            return .machines(
                ours.filter { $0.name == view.memory.machineName && !$0.isGone }.map(MachineSight.init))
        }
        return .done
    }

    private func configCall(
        _ action: MachineAction, _ app: String, _ view: MachineView, _ environment: MachineEnvironment?
    ) async throws -> MachineResult {
        guard let environment,
            let config = MachineConfig.render(view, environment, volume: view.memory.volumeID ?? "")
        else { return .failed(.refused("no environment could be rendered")) }
        if case .updateMachine(let id, let version) = action {
            return try await update(app, id, FlyMachineUpdate(config: config, currentVersion: version))
        }
        guard case .createMachine(let region, _) = action else { return .done }
        let request = FlyMachineRequest(name: view.memory.machineName ?? "", region: region, config: config)
        return .machine(MachineSight(try await fly.createMachine(app: app, request)))
    }

    /// Under the machine's lease, so that nobody deploys by hand at the same moment; given back in any case.
    private func update(_ app: String, _ id: String, _ update: FlyMachineUpdate) async throws -> MachineResult {
        let lease = try await fly.acquireLease(
            app: app, machine: id, ttlSeconds: settings.leaseSeconds, description: "converged")
        let result: Result<FlyMachine, any Error>
        do {
            result = .success(try await fly.updateMachine(app: app, id: id, update, leaseNonce: lease.nonce))
        } catch {
            result = .failure(error)
        }
        // A lease that cannot be given back ends by itself.
        try? await fly.releaseLease(lease)
        return .machine(MachineSight(try result.get()))
    }
}
