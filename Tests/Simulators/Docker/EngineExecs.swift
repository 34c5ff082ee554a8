extension DockerWorld {
    mutating func createExec(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        guard container.isRunning else { throw EngineRefusal.notRunning(container.id) }
        guard !container.isPaused else {
            throw EngineRefusal(409, "Container \(container.id) is paused, unpause the container before exec")
        }
        guard container.state == .running else {
            throw EngineRefusal(
                409, "Container \(container.id) is restarting, wait until the container is running")
        }
        let body = request.body
        let command = (body["Cmd"]?.items ?? []).compactMap(\.string)
        guard !command.isEmpty else { throw EngineRefusal(400, "No exec command specified") }
        let id = randomness.hex(64)
        execs[id] = DockerExec(
            id: id, container: container.id, command: command, user: body["User"]?.string ?? "",
            workingDirectory: body["WorkingDir"]?.string ?? "",
            environment: (body["Env"]?.items ?? []).compactMap(\.string), isTTY: body["Tty"]?.bool ?? false,
            isPrivileged: body["Privileged"]?.bool ?? false)
        execOrder.append(id)
        emit(container: container.id, "exec_create: " + command.joined(separator: " "), ["execID": id])
        return .json(201, ["Id": .string(id)])
    }

    mutating func startExec(_ request: EngineRequest) throws -> EngineReply {
        let id = request.target
        guard let exec = execs[id], let container = containers[exec.container] else {
            throw EngineRefusal(404, "No such exec instance: \(id)")
        }
        guard container.state == .running else { throw EngineRefusal.notRunning(container.id) }
        let isDetached = request.body["Detach"]?.bool ?? false
        if exec.hasStarted {
            let words =
                "Error: Exec command \(id) " + (exec.isRunning ? "is already running" : "has already run")
            guard isOld, !isDetached else { throw EngineRefusal(409, words) }
            return .bytes(200, head(exec, false), exec.isTTY ? Array(words.utf8) : frame(1, words + "\r\n"))
        }
        run(exec, in: container)
        guard !isDetached else { return .empty(200) }
        let isUpgrade = request.isUpgrade
        return .stream(
            isUpgrade ? 101 : 200, head(exec, isUpgrade),
            Follow(subject: id) { world, cursor in
                guard let now = world.execs[id] else { return .end([]) }
                let bytes = Array(now.said.dropFirst(cursor))
                cursor = now.said.count
                if !now.isRunning { return .end(bytes) }
                return bytes.isEmpty ? .pending : .bytes(bytes)
            })
    }

    private func head(_ exec: DockerExec, _ isUpgrade: Bool) -> [(name: String, value: String)] {
        [("Content-Type", streamType(isTTY: exec.isTTY))]
            + (isUpgrade ? [("Connection", "Upgrade"), ("Upgrade", "tcp")] : [])
    }

    private mutating func run(_ exec: DockerExec, in container: EngineContainer) {
        let words = exec.command.joined(separator: " ")
        emit(container: container.id, "exec_start: " + words, ["execID": exec.id])
        let place = execRules.lastIndex { rule in
            rule.times != 0 && glob(rule.command, matches: words) && glob(rule.container, matches: container.name)
                && glob(rule.image, matches: container.image) && rule.needs.isSubset(of: container.marks)
        }
        pidCount += 1
        var started = exec
        started.hasStarted = true
        started.isRunning = true
        started.pid = pidCount
        started.rule = place.map { execRules[$0] }
        execs[exec.id] = started
        guard let place, let rule = started.rule else { return fail(started) }
        if let times = rule.times { execRules[place].times = times - 1 }
        if rule.duration > .zero {
            plan(after: rule.duration, .execEnd(exec.id))
        } else {
            finish(exec: exec.id)
        }
    }

    /// Nothing of this name is in the container.
    private mutating func fail(_ exec: DockerExec) {
        let words =
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"\(exec.command[0])\": "
            + "executable file not found in $PATH: unknown\r\n"
        execs[exec.id]?.said = exec.isTTY ? Array(words.utf8) : frame(1, words)
        execs[exec.id]?.isRunning = false
        let code = isOld ? 126 : 127
        execs[exec.id]?.exitCode = code
        touch(exec.id)
    }

    /// The command came to its own end.
    mutating func finish(exec id: String) {
        guard let exec = execs[id], exec.isRunning, let rule = exec.rule else { return }
        let both = exec.isTTY ? Array((rule.output + rule.errors).utf8) : frame(1, rule.output) + frame(2, rule.errors)
        execs[id]?.said += both
        if rule.exitCode == 0 {
            change(exec.container) {
                $0.marks.formUnion(rule.marks)
                $0.marks.subtract(rule.unmarks)
            }
            for (path, file) in rule.writes { write(file, at: path, in: exec.container) }
            for (old, new) in rule.moves { move(old, to: new, in: exec.container) }
            for path in rule.removes { remove(path, in: exec.container) }
        }
        stop(exec: id, code: rule.exitCode)
    }

    mutating func stop(exec id: String, code: Int) {
        guard let exec = execs[id] else { return }
        execs[id]?.isRunning = false
        execs[id]?.exitCode = code
        emit(container: exec.container, "exec_die", ["execID": id, "exitCode": String(code)])
        touch(id)
    }

    mutating func inspectExec(_ request: EngineRequest) throws -> EngineReply {
        guard let exec = execs[request.target] else {
            throw EngineRefusal(404, "No such exec instance: \(request.target)")
        }
        return .json(
            200,
            [
                "ID": .string(exec.id), "Running": .bool(exec.isRunning),
                "ExitCode": exec.exitCode.map { .int($0) } ?? .null, "Pid": .int(exec.pid),
                "ContainerID": .string(exec.container), "OpenStdin": false, "OpenStdout": true, "OpenStderr": true,
                "CanRemove": false, "DetachKeys": "",
                "ProcessConfig": [
                    "entrypoint": .string(exec.command[0]),
                    "arguments": .array(exec.command.dropFirst().map { .string($0) }), "tty": .bool(exec.isTTY),
                    "user": .string(exec.user), "privileged": .bool(exec.isPrivileged),
                ],
            ])
    }
}
