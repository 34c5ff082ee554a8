import Foundation

@testable import Reconcilers

/// A row and its life over many runs: what the shell does, without database and network.
struct ModelRow {
    var desired: DesiredMachine
    var stored = MachineMemory()
    var isReleased = false
    var ending: RunEnding?

    /// One run. `crashAfter`: the process dies after so many steps, and with it all that was not stored.
    mutating func run(in world: inout ModelWorld, crashAfter: Int = .max) {
        desired.isFleetFrozen = world.isFrozen
        var view = MachineView(desired: desired, memory: stored, now: date(world.now))
        view.begin()
        for step in 0..<80 {
            if step >= crashAfter { return }
            view.now = date(world.now)
            switch view.next() {
            case .end(let ending):
                finish(ending, view.memory, &world)
                return
            case .act(let action):
                if action.isMutation { stored = view.memory }
                view.fold(action, world.perform(action, for: view))
            }
        }
        world.violations.append("a run of 80 steps")
    }

    private mutating func finish(_ ending: RunEnding, _ memory: MachineMemory, _ world: inout ModelWorld) {
        self.ending = ending
        // The row is written only when it changes, and `statusAt` says when that was.
        var after = memory
        after.observedGeneration = desired.generation
        if after != stored { after.statusAt = date(world.now) }
        stored = after
        switch ending {
        case .settled: stored.restartedAt = desired.restartRequestedAt
        case .again(let seconds, _, _): world.now += seconds
        case .retry: world.now += 30
        case .blocked(_, _, let seconds): world.now += seconds ?? 0
        case .released: isReleased = true
        }
    }

    /// Runs until it is settled, blocked or released.
    mutating func converge(in world: inout ModelWorld, runs: Int) -> Bool {
        for _ in 0..<runs {
            run(in: &world)
            switch ending {
            case .settled, .released: return true
            default: continue
            }
        }
        return false
    }

    func date(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_000_000 + seconds) }
}

enum ModelDesired {
    static let templates: [DesiredMachine] = [MachineProfile.AppMode.perUser, .shared].flatMap { mode in
        ["img:1", "img:2", "img:3"].map { image in
            make(mode, image: image)
        }
    }

    static func make(_ mode: MachineProfile.AppMode, image: String = "img:1") -> DesiredMachine {
        let profile = MachineProfile(
            generation: 1, appMode: mode, app: "automna-u-abc", machineName: "gateway-abc",
            network: mode == .perUser ? "automna-u-abc" : nil, addresses: ["shared_v4", "v6"],
            regions: ["iad", "ord", "ewr"], volumeName: "data_abc", volumePath: "/data", volumeEncrypted: true,
            internalPort: 18789, handlers: ["tls", "http"], checkPath: "/healthz", checkGraceSeconds: 60,
            restartPolicy: "always", tokenNames: ["OPENCLAW_GATEWAY_TOKEN"], userName: "CONVERGED_USER_ID",
            configName: "OPENCLAW_CONFIG", gatewayURL: "https://{app}.fly.dev")
        var desired = DesiredMachine(
            id: UUID(uuidString: "00000000-0000-4000-8000-000000000001")!, userID: UUID(), generation: 1,
            profileName: "automna", profile: profile, runs: true, isDeleting: false, image: image,
            cpuKind: "shared", cpus: 1, memoryMB: 512, volumeGB: 1, environment: [:], config: "{}")
        desired.environmentDigest = "digest"
        desired.prepare()
        return desired
    }
}
