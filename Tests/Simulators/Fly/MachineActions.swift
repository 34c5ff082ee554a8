extension FlyWorld {
    mutating func startMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        switch machine.state {
        case .replacing: throw Refusal.replacing("start")
        case .started, .starting: break
        case .created where now >= machine.preparedAt && machine.steps.isEmpty, .stopped, .suspended, .failed:
            change(machine.id) { machine, world in
                machine.restartCount = 0
                world.enter(.starting, &machine, event: "start", source: "user")
                world.planBoot(&machine, from: world.now)
            }
            schedule(machine.id)
        default: throw Refusal.wrongState("start", machine.state.rawValue)
        }
        return .json(
            200, "{\"previous_state\":\"\(machine.state.rawValue)\",\"migrated\":false,\"new_host\":\"\"}")
    }

    mutating func stopMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        switch machine.state {
        case .replacing: throw Refusal.replacing("stop")
        case .stopped, .stopping: break
        case .started, .starting, .restarting, .suspended, .suspending:
            end(machine.id, by: .stopping, in: .stopped, event: machine.state == .suspended ? "stop" : "exit")
        default: throw Refusal.wrongState("stop", machine.state.rawValue)
        }
        return .json(200, "{\"ok\":true}")
    }

    mutating func suspendMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        let memory = machine.config["guest"]?["memory_mb"]?.int ?? 0
        let swap = machine.config["init"]?["swap_size_mb"]?.int ?? 0
        guard memory <= 2048, swap == 0, machine.config["schedule"] == nil else {
            throw Refusal.invalid("machine cannot be suspended: more than 2 GB of memory, swap or a schedule")
        }
        switch machine.state {
        case .suspended, .suspending: break
        case .started: end(machine.id, by: .suspending, in: .suspended, event: "suspend")
        default: throw Refusal.wrongState("suspend", machine.state.rawValue)
        }
        return .json(200, "{\"ok\":true}")
    }

    mutating func restartMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        if machine.state == .replacing { throw Refusal.replacing("restart") }
        guard machine.state == .started else { throw Refusal.wrongState("restart", machine.state.rawValue) }
        change(machine.id) { machine, world in
            machine.checkStatus = nil
            world.enter(.restarting, &machine, event: "restart", source: "user")
            let stopped = world.now + world.options.stopDelay
            world.plan(
                &machine,
                [
                    Step(due: stopped, state: .starting, event: "exit", exit: FlyExit(requestedStop: true)),
                    Step(due: stopped + world.options.bootDelay, state: .started, event: "start"),
                ])
        }
        schedule(machine.id)
        return .json(200, "{\"ok\":true}")
    }

    mutating func deleteMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        let force = request.flag("force") || request.flag("kill")
        if machine.state.isPassing || machine.state == .started, machine.state != .destroying, !force {
            throw Refusal.wrongState("destroy", machine.state.rawValue)
        }
        if machine.state != .destroying { end(machine.id, by: .destroying, in: .destroyed, event: "destroy") }
        return .json(200, "{\"ok\":true}")
    }

    /// A passing state now and a lasting one after the stop delay.
    mutating func end(
        _ id: String, by passing: FlyMachine.State, in lasting: FlyMachine.State, event: String, source: String = "user"
    ) {
        change(id) { machine, world in
            world.enter(passing, &machine, event: event, source: source)
            let exit = event == "exit" ? FlyExit(requestedStop: true) : nil
            world.plan(
                &machine, [Step(due: world.now + world.options.stopDelay, state: lasting, event: event, exit: exit)])
        }
        schedule(id)
        // Without a delay the end is part of the call, as when a client asks a moment later.
        if options.stopDelay == .zero { settle(to: now) }
    }

    mutating func signalMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machineToChange(request)
        let signal = request.body["signal"]?.string ?? request.body["signal"]?.int.map(String.init)
        guard let signal, !signal.isEmpty else { throw Refusal.invalid("signal is required") }
        guard machine.state == .started else { throw Refusal.wrongState("signal", machine.state.rawValue) }
        if ["SIGKILL", "KILL", "9"].contains(signal) { exitProcess(of: machine.id, code: 137) }
        if ["SIGTERM", "TERM", "15", "SIGINT", "INT", "2"].contains(signal) { exitProcess(of: machine.id, code: 0) }
        return .json(200, "{\"ok\":true}")
    }

    mutating func execMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machine(request)
        guard machine.state == .started, !machine.hostUnreachable else {
            throw Refusal.wrongState("exec in", machine.state.rawValue)
        }
        let command = request.body["command"]?.items?.compactMap(\.string) ?? request.body["cmd"]?.string.map { [$0] }
        guard let command, !command.isEmpty else { throw Refusal.invalid("command is required") }
        let result = exec?(machine.app, machine.id, command) ?? .init()
        let body: JSON = [
            "exit_code": .int(result.exitCode), "exit_signal": 0, "stdout": .string(result.output),
            "stderr": .string(result.errors),
        ]
        return .json(200, body.description)
    }

    mutating func cordonMachine(_ request: FlyRequest, _ cordoned: Bool) throws -> FlyReply {
        let machine = try machineToChange(request)
        change(machine.id) { machine, _ in machine.cordoned = cordoned }
        return .json(200, "{\"ok\":true}")
    }
}
