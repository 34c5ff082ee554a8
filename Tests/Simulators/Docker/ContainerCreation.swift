extension DockerWorld {
    mutating func createContainer(_ request: EngineRequest) throws -> EngineReply {
        let body = request.body
        guard body.fields != nil else {
            throw EngineRefusal(400, "config cannot be empty in order to create a container")
        }
        let name = try newName(request.query["name"])
        let reference = body["Image"]?.string ?? ""
        try check(host: body["HostConfig"] ?? [:])
        guard let image = image(reference) else {
            throw EngineRefusal(404, "No such image: \(tagged(reference))")
        }
        if let holder = holder(of: name) { throw EngineRefusal.nameTaken(name, by: holder) }
        if (body["Cmd"]?.items ?? []).isEmpty, (body["Entrypoint"]?.items ?? []).isEmpty, image.image.command == [""] {
            throw EngineRefusal(400, "No command specified")
        }
        var config = body
        config["HostConfig"] = nil
        config["NetworkingConfig"] = nil
        config["Env"] = .array(
            image.image.environment.filter { pair in
                let key = pair.prefix { $0 != "=" } + "="
                return !(body["Env"]?.items ?? []).contains { $0.string?.hasPrefix(key) ?? false }
            }.map { .string($0) } + (body["Env"]?.items ?? []))
        config["Labels"] = .object(
            image.image.labels.mapValues { .string($0) }.merging(body["Labels"]?.fields ?? [:]) { _, own in own })
        if body["Cmd"]?.items == nil { config["Cmd"] = .array(image.image.command.map { .string($0) }) }
        if (body["User"]?.string ?? "").isEmpty { config["User"] = .string(image.image.user) }
        if body["Healthcheck"] == nil, image.image.hasHealthcheck {
            config["Healthcheck"] = ["Test": ["CMD-SHELL", "true"]]
        }
        if let missing = missingFolder(host: body["HostConfig"] ?? [:]) {
            throw EngineRefusal(
                400, "invalid mount config for type \"bind\": bind source path does not exist: \(missing)")
        }
        let id = randomness.hex(64)
        containerCount += 1
        let made = EngineContainer(
            id: id, name: name, image: reference, imageID: image.id, config: config,
            host: body["HostConfig"] ?? [:], networking: body["NetworkingConfig"] ?? [:], createdAt: now,
            order: containerCount)
        containers[id] = made
        for bind in made.binds where bind.source.hasPrefix("volume:") {
            let volume = String(bind.source.dropFirst("volume:".count))
            if volumes[volume] == nil { volumes[volume] = EngineVolume(name: volume, createdAt: now) }
        }
        emit(container: id, "create")
        return .json(201, ["Id": .string(id), "Warnings": []])
    }

    private mutating func newName(_ asked: String?) throws -> String {
        guard let asked, !asked.isEmpty else { return "simulated_" + randomness.hex(8) }
        let name = asked.hasPrefix("/") ? String(asked.dropFirst()) : asked
        guard isName(name) else { throw EngineRefusal.badName(asked) }
        return name
    }

    func holder(of name: String) -> String? { containers.values.first { $0.name == name }?.id }

    /// Limits that the daemon refuses at once.
    func check(host: JSON) throws {
        if let memory = host["Memory"]?.int, memory > 0, memory < 6 << 20 {
            throw EngineRefusal(400, "Minimum memory limit allowed is 6MB")
        }
        let policy = host["RestartPolicy"]?["Name"]?.string ?? ""
        guard ["", "no", "always", "unless-stopped", "on-failure"].contains(policy) else {
            throw EngineRefusal(400, "invalid restart policy '\(policy)'")
        }
        if host["AutoRemove"]?.bool ?? false, !["", "no"].contains(policy) {
            throw EngineRefusal(400, "can't create 'AutoRemove' container with restart policy")
        }
    }
}

/// `[a-zA-Z0-9][a-zA-Z0-9_.-]+`
func isName(_ text: String) -> Bool {
    func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
    guard let first = text.utf8.first, isPlain(first), text.utf8.count > 1 else { return false }
    return text.utf8.allSatisfy { isPlain($0) || "_.-".utf8.contains($0) }
}

/// A filter by name: a part of it, or with `^` and `$` its beginning and end.
func matches(name pattern: String, _ name: String) -> Bool {
    var words = pattern[...]
    let isStart = words.hasPrefix("^")
    let isEnd = words.hasSuffix("$")
    if isStart { words = words.dropFirst() }
    if isEnd { words = words.dropLast() }
    let plain = words.replacing("\\", with: "")
    return switch (isStart, isEnd) {
    case (true, true): name == plain
    case (true, false): name.hasPrefix(plain)
    case (false, true): name.hasSuffix(plain)
    case (false, false): name.contains(plain)
    }
}
