import Vendors

/// Our shape as Fly's config, and back.
enum MachineConfig {
    static let checkName = "gateway"
    static let port = 443

    static func render(_ view: MachineView, _ environment: MachineEnvironment, volume: String) -> FlyMachineConfig? {
        guard let shape = view.desired.shape else { return nil }
        let check = FlyCheck(
            type: "http", port: shape.port, interval: .seconds(15), timeout: .seconds(10),
            gracePeriod: .seconds(shape.checkGraceSeconds), method: "GET", path: shape.checkPath)
        let service = FlyService(
            internalPort: shape.port, ports: [FlyPort(port: port, handlers: shape.handlers)],
            // Fly's proxy must not start what the row stops, nor stop what the row runs.
            autostart: false, autostop: .off)
        return FlyMachineConfig(
            image: shape.image, env: environment.values,
            guest: FlyGuest(cpuKind: shape.cpuKind, cpus: shape.cpus, memoryMB: shape.memoryMB),
            mounts: [FlyMount(volume: volume, path: shape.volumePath)], services: [service],
            checks: [checkName: check],
            metadata: [
                FlyMark.owner: view.desired.ownerMark,
                FlyMark.generation: String(view.desired.generation),
                FlyMark.hash: view.desired.specHash,
            ],
            restart: FlyRestart(policy: shape.restartPolicy), autoDestroy: false)
    }

    /// The shape of a config that Fly shows; what it leaves out becomes empty and so differs from any wish.
    static func shape(_ config: FlyMachineConfig) -> MachineShape {
        let service = config.services?.first
        let check = config.checks?[checkName]
        let isAsMade = service?.autostart == false && config.autoDestroy != true
        return MachineShape(
            image: config.image ?? "", cpuKind: config.guest?.cpuKind ?? "", cpus: config.guest?.cpus ?? 0,
            memoryMB: config.guest?.memoryMB ?? 0, environmentDigest: MachineEnvironment(config.env ?? [:]).digest,
            volumePath: config.mounts?.first?.path ?? "", port: isAsMade ? service?.internalPort ?? 0 : 0,
            handlers: service?.ports?.first { $0.port == port }?.handlers ?? [], checkPath: check?.path ?? "",
            checkGraceSeconds: Int((check?.gracePeriod?.nanoseconds ?? 0) / 1_000_000_000),
            restartPolicy: config.restart?.policy ?? "")
    }
}
