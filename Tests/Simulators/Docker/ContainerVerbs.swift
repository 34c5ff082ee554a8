extension DockerWorld {
    mutating func startContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        if container.state == .removing {
            throw EngineRefusal(409, "container is marked for removal and cannot be started")
        }
        if container.isPaused { throw EngineRefusal(409, "cannot start a paused container, try unpause instead") }
        guard !container.isRunning else { return .empty(304) }
        change(container.id) { $0.backoff = .milliseconds(100) }
        try begin(container.id)
        return .empty(204)
    }

    mutating func stopContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        guard container.isRunning else { return .empty(304) }
        stop(container, grace: try grace(request, container))
        return whenStopped(container) { _ in .empty(204) }
    }

    mutating func restartContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        let id = container.id
        @Sendable func restart(_ world: inout DockerWorld) throws -> EngineReply {
            guard world.containers[id] != nil else { throw EngineRefusal.noContainer(id) }
            try world.begin(id)
            world.emit(container: id, "restart")
            return .empty(204)
        }
        guard container.isRunning else { return try restart(&self) }
        stop(container, grace: try grace(request, container))
        return whenStopped(container, then: restart)
    }

    private func grace(_ request: EngineRequest, _ container: EngineContainer) throws -> Int {
        guard let text = request.query["t"], !text.isEmpty else { return container.config["StopTimeout"]?.int ?? 10 }
        guard let seconds = Int(text) else {
            throw EngineRefusal(400, "strconv.Atoi: parsing \"\(text)\": invalid syntax")
        }
        return seconds
    }

    /// SIGTERM now, SIGKILL when the grace is over.
    private mutating func stop(_ container: EngineContainer, grace: Int) {
        change(container.id) {
            $0.isStopping = true
            $0.isStoppedByUser = true
        }
        let number = Self.number(ofSignal: container.config["StopSignal"]?.string ?? "TERM") ?? 15
        signal(container.id, grace == 0 ? 9 : number)
        guard containers[container.id]?.state == .running, grace >= 0 else { return }
        plan(after: .seconds(grace), .kill(container: container.id, epoch: container.epoch))
    }

    private func whenStopped(
        _ container: EngineContainer, then reply: @escaping @Sendable (inout DockerWorld) throws -> EngineReply
    ) -> EngineReply {
        .later(
            Follow(subject: container.id) { world, _ in
                guard let now = world.containers[container.id], now.ends == container.ends, now.isRunning else {
                    return .reply(try reply(&world))
                }
                return .pending
            })
    }

    mutating func killContainer(_ request: EngineRequest) throws -> EngineReply {
        let name = request.query["signal"] ?? "KILL"
        guard let number = Self.number(ofSignal: name.isEmpty ? "KILL" : name) else {
            throw EngineRefusal(400, "Invalid signal: \(name)")
        }
        let container = try container(request.target)
        guard container.isRunning else {
            throw EngineRefusal(
                409, "Cannot kill container: \(request.target): Container \(container.id) is not running")
        }
        change(container.id) { $0.isStoppedByUser = true }
        signal(container.id, number)
        return .empty(204)
    }

    static func number(ofSignal name: String) -> Int? {
        let known = ["HUP": 1, "INT": 2, "QUIT": 3, "KILL": 9, "USR1": 10, "USR2": 12, "TERM": 15]
        let short = name.uppercased()
        if let number = Int(short), (1...64).contains(number) { return number }
        return known[short.hasPrefix("SIG") ? String(short.dropFirst(3)) : short]
    }

    mutating func pauseContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        guard container.state == .running else { throw EngineRefusal.notRunning(container.id) }
        guard !container.isPaused else { throw EngineRefusal(409, "Container \(container.id) is already paused") }
        change(container.id) { $0.isPaused = true }
        emit(container: container.id, "pause")
        return .empty(204)
    }

    mutating func unpauseContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        guard container.isPaused else { throw EngineRefusal(500, "Container \(container.id) is not paused") }
        change(container.id) { $0.isPaused = false }
        emit(container: container.id, "unpause")
        return .empty(204)
    }

    mutating func renameContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        let asked = request.query["name"] ?? ""
        let name = asked.hasPrefix("/") ? String(asked.dropFirst()) : asked
        guard !name.isEmpty else { throw EngineRefusal(400, "Neither old nor new names may be empty") }
        guard name != container.name else {
            throw EngineRefusal(400, "Renaming a container with the same name as its current name")
        }
        guard isName(name) else { throw EngineRefusal.badName(asked) }
        if let holder = holder(of: name) { throw EngineRefusal.nameTaken(name, by: holder) }
        change(container.id) { $0.name = name }
        emit(container: container.id, "rename", ["oldName": "/" + container.name])
        return .empty(204)
    }

    mutating func updateContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        try check(host: request.body)
        let policy = request.body["RestartPolicy"]?["Name"]?.string ?? ""
        if container.isAutoRemoved, !["", "no"].contains(policy) {
            throw EngineRefusal(400, "Restart policy cannot be updated because AutoRemove is enabled for the container")
        }
        var host = container.host
        for (key, value) in request.body.fields ?? [:] {
            // Zero means "as it is".
            guard value != 0, value != "", !(key == "RestartPolicy" && policy.isEmpty) else { continue }
            host[key] = value
        }
        change(container.id) { $0.host = host }
        emit(container: container.id, "update")
        return .json(200, ["Warnings": .null])
    }
}
