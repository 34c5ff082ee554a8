extension FlyWorld {
    /// The machine of a call, destroyed ones included while they are still shown.
    func machine(_ request: FlyRequest) throws -> FlyMachine {
        let app = try app(request)
        guard let machine = machines[request.target], machine.app == app.name else { throw Refusal.noMachine }
        if let destroyed = machine.destroyedAt, now >= destroyed + options.destroyedVisible { throw Refusal.noMachine }
        return machine
    }

    /// The machine of a mutation: it exists, its host answers, and the caller holds its lease if there is one.
    mutating func machineToChange(_ request: FlyRequest) throws -> FlyMachine {
        let machine = try machine(request)
        guard machine.isLive else { throw Refusal.noMachine }
        try requireNonce(request, machine)
        if machine.hostUnreachable { throw Refusal.hostUnreachable }
        return machine
    }

    /// Puts a machine into a state, with its event and what follows from the state.
    mutating func enter(
        _ state: FlyMachine.State, _ machine: inout FlyMachine, event: String, source: String, exit: FlyExit? = nil
    ) {
        machine.state = state
        machine.events.insert(
            FlyEvent(
                id: ulid(), type: event, status: state.rawValue, source: source, timestamp: unixMilliseconds(now),
                exit: exit, restartCount: machine.restartCount), at: 0)
        machine.events = Array(machine.events.prefix(50))
        machine.startedAt = state == .started ? now : nil
        if state == .destroyed { release(&machine) }
    }

    private mutating func release(_ machine: inout FlyMachine) {
        machine.destroyedAt = now
        machine.lease = nil
        if apps[machine.app]?.names[machine.name] == machine.id { apps[machine.app]?.names[machine.name] = nil }
        if let id = machine.volume, var volume = volumes[id], volume.attachedTo == machine.id {
            volume.attachedTo = nil
            change(volume)
        }
    }

    /// A new command: what was planned before no longer happens.
    func plan(_ machine: inout FlyMachine, _ steps: [Step]) {
        machine.epoch += 1
        machine.steps = steps
    }

    /// What a host does with a new version that is to run.
    func planBoot(_ machine: inout FlyMachine, from: Duration) {
        let half = options.bootDelay / 2
        if options.unpullableImages.contains(where: machine.image.contains) {
            plan(&machine, [Step(due: from + half, state: .failed, event: "[PM06] image pull")])
        } else if options.unlaunchableImages.contains(where: machine.image.contains) {
            plan(
                &machine,
                [
                    Step(due: from + half, state: .launchFailed, event: "launch"),
                    Step(due: from + half + options.stopDelay, state: .destroyed, event: "destroy"),
                ])
        } else {
            plan(
                &machine,
                [
                    Step(due: from + half, state: .starting, event: "start"),
                    Step(due: from + options.bootDelay, state: .started, event: "start"),
                ])
        }
    }

    /// The process of a machine ended by itself: the restart policy decides what follows.
    mutating func exitProcess(of id: String, code: Int, isOutOfMemory: Bool = false) {
        change(id) { machine, world in
            let policy = machine.config["restart"]?["policy"]?.string ?? "on-failure"
            let retries = machine.config["restart"]?["max_retries"]?.int ?? 10
            let again = policy == "always" || policy == "on-failure" && code != 0 && machine.restartCount < retries
            world.enter(
                .stopped, &machine, event: "exit", source: "flyd",
                exit: FlyExit(code: code, isOutOfMemory: isOutOfMemory))
            if machine.config["auto_destroy"] == true, !again {
                world.plan(&machine, [Step(due: world.now, state: .destroyed, event: "destroy")])
            } else if again {
                machine.restartCount += 1
                world.planBoot(&machine, from: world.now)
            } else {
                world.plan(&machine, [])
            }
        }
        schedule(id)
    }
}
