extension DockerWorld {
    /// What the container's process does: the rule that was given last, else what its image does.
    private func behaviour(of container: EngineContainer) -> DockerSimulator.Behaviour {
        let rule = behaviours.last { rule in
            let byLabel = rule.label.map { matches(label: $0, container.labels) } ?? true
            return byLabel && glob(rule.image, matches: container.image)
                && glob(rule.container, matches: container.name)
        }
        return rule?.behaviour ?? images[container.imageID]?.image.behaviour ?? .runs
    }

    /// Starts the process.
    mutating func begin(_ id: String) throws {
        guard let container = containers[id] else { return }
        let behaviour = behaviour(of: container)
        if case .cannotExecute(let command) = behaviour.life {
            let words =
                "OCI runtime create failed: runc create failed: unable to start container process: exec: "
                + "\"\(command)\": executable file not found in $PATH: unknown"
            change(id) {
                $0.exitCode = 127
                $0.error = words
                if $0.state == .restarting { $0.state = .exited }
            }
            throw EngineRefusal(400, "failed to create shim: " + words)
        }
        try requireNetwork(of: container)
        try mountFolders(of: container)
        pidCount += 1
        let pid = pidCount
        let taken = isPortTaken(for: container)
        let time = now
        change(id) {
            $0.state = .running
            $0.pid = pid
            $0.epoch += 1
            $0.startedAt = time
            $0.exitCode = 0
            $0.error = ""
            $0.isOOMKilled = false
            $0.isStopping = false
            $0.isStoppedByUser = false
            $0.behaviour = behaviour
            $0.lacksPort = taken
            $0.hasPort = !taken
            $0.health = $0.hasHealthcheck ? "starting" : nil
            $0.failingStreak = 0
            $0.log += behaviour.output.map { .init(time: time, isError: false, text: $0) }
        }
        emit(container: id, "start")
        unfold(id, behaviour, taken)
    }

    /// Plans the life of a new process.
    private mutating func unfold(_ id: String, _ behaviour: DockerSimulator.Behaviour, _ isPortTaken: Bool) {
        guard let container = containers[id] else { return }
        let epoch = container.epoch
        if isPortTaken {
            plan(after: options.portConflictDelay, .exit(container: id, epoch: epoch, code: 1, isOOM: false))
            let port = port(of: container) ?? 0
            let words = "Error: listen EADDRINUSE: address already in use 0.0.0.0:\(port)"
            let line = EngineContainer.LogLine(time: now, isError: true, text: words)
            change(id) { $0.log.append(line) }
            return
        }
        if let words = refusalOfGateway(container) {
            let line = EngineContainer.LogLine(time: now, isError: true, text: words)
            change(id) { $0.log.append(line) }
            return plan(after: .zero, .exit(container: id, epoch: epoch, code: 1, isOOM: false))
        }
        switch behaviour.life {
        case .serves(let delay):
            if container.hasHealthcheck {
                plan(after: delay, .health(container: id, epoch: epoch, isHealthy: true))
            }
        case .neverHealthy:
            let check = container.config["Healthcheck"]
            let interval = check?["Interval"]?.int.flatMap { $0 > 0 ? $0 : nil } ?? 30_000_000_000
            let retries = check?["Retries"]?.int.flatMap { $0 > 0 ? $0 : nil } ?? 3
            let patience = (check?["StartPeriod"]?.int ?? 0) + interval * retries
            if container.hasHealthcheck {
                plan(after: .nanoseconds(patience), .health(container: id, epoch: epoch, isHealthy: false))
            }
        case .exits(let code, let delay):
            plan(after: delay, .exit(container: id, epoch: epoch, code: code, isOOM: false))
        case .oom(let delay): plan(after: delay, .exit(container: id, epoch: epoch, code: 137, isOOM: true))
        case .fileTool:
            let (code, lines) = runTool(container)
            let time = now
            change(id) { $0.log += lines.map { .init(time: time, isError: code != 0, text: $0) } }
            plan(after: .zero, .exit(container: id, epoch: epoch, code: code, isOOM: false))
        case .cannotExecute: break
        }
    }

    mutating func report(_ id: String, isHealthy: Bool) {
        let status = isHealthy ? "healthy" : "unhealthy"
        guard containers[id]?.health != status else { return }
        change(id) {
            $0.health = status
            $0.failingStreak = isHealthy ? 0 : 3
        }
        emit(container: id, "health_status: \(status)")
    }

    /// The process is gone.
    mutating func end(_ id: String, code: Int, isOOM: Bool) {
        guard let container = containers[id], container.isRunning else { return }
        for exec in execOrder where execs[exec]?.container == id && execs[exec]?.isRunning ?? false {
            stop(exec: exec, code: 137)
        }
        let wasRunning = container.state == .running
        let time = now
        change(id) {
            $0.state = .exited
            $0.exitCode = code
            $0.isOOMKilled = isOOM
            $0.pid = 0
            $0.finishedAt = time
            $0.ends += 1
            $0.hasPort = false
            $0.lacksPort = false
            $0.isPaused = false
            $0.epoch += 1
        }
        if isOOM { emit(container: id, "oom") }
        if wasRunning { emit(container: id, "die", ["exitCode": String(code)]) }
        if container.isStopping { emit(container: id, "stop") }
        change(id) { $0.isStopping = false }
        guard !container.isStopping, !container.isStoppedByUser, !isDown || wasRunning else { return finishLife(id) }
        again(container, code)
    }

    private mutating func again(_ container: EngineContainer, _ code: Int) {
        let limit = container.host["RestartPolicy"]?["MaximumRetryCount"]?.int ?? 0
        let returns =
            switch container.policy {
            case "always", "unless-stopped": true
            case "on-failure": code != 0 && (limit == 0 || container.restartCount < limit)
            default: false
            }
        guard returns else { return finishLife(container.id) }
        let lived = now - (container.startedAt ?? now)
        let wait = lived > .seconds(10) ? .milliseconds(100) : container.backoff
        change(container.id) {
            $0.state = .restarting
            $0.restartCount += 1
            $0.backoff = min(wait * 2, .seconds(60))
        }
        plan(after: wait, .restart(container: container.id, epoch: containers[container.id]?.epoch ?? 0))
    }

    private mutating func finishLife(_ id: String) {
        if containers[id]?.isAutoRemoved ?? false { vanish(id) }
    }

    /// A signal reaches the process.
    mutating func signal(_ id: String, _ number: Int) {
        guard let container = containers[id], container.isRunning else { return }
        emit(container: id, "kill", ["signal": String(number)])
        if container.state == .restarting { return end(id, code: container.exitCode, isOOM: false) }
        switch number {
        case 9: end(id, code: 137, isOOM: false)
        case 2, 3, 15:
            let behaviour = container.behaviour
            guard !behaviour.ignoresTerm else { return }
            guard behaviour.termDelay > .zero else { return end(id, code: behaviour.termCode, isOOM: false) }
            let exit = Due.What.exit(
                container: id, epoch: container.epoch, code: behaviour.termCode, isOOM: false)
            plan(after: behaviour.termDelay, exit)
        default: break
        }
    }
}
