extension FlyWorld {
    /// A machine as the API shows it.
    func text(_ machine: FlyMachine, summary: Bool = false, nonce: String? = nil) -> String {
        var text =
            "{\"id\":\"\(machine.id)\",\"name\":\(JSON.quoted(machine.name)),\"state\":\"\(machine.state.rawValue)\""
        text += ",\"region\":\"\(machine.region)\",\"instance_id\":\"\(machine.instanceID)\""
        text += ",\"version\":\"\(machine.instanceID)\",\"private_ip\":\"\(machine.privateIP)\""
        text += ",\"created_at\":\"\(self.text(machine.createdAt))\",\"updated_at\":\"\(self.text(machine.updatedAt))\""
        text += ",\"cordoned\":\(machine.cordoned)"
        text += ",\"host_status\":\"\(machine.hostUnreachable ? "unreachable" : "ok")\""
        if let nonce { text += ",\"nonce\":\"\(nonce)\"" }
        if !summary {
            // An unreachable host only leaves what the platform's own records know.
            text +=
                machine.hostUnreachable
                ? ",\"config\":null,\"incomplete_config\":\(machine.configText)" : ",\"config\":\(machine.configText)"
            text += ",\"image_ref\":\(machine.imageText)"
            text += ",\"events\":[\(machine.events.prefix(5).map(eventText).joined(separator: ","))]"
        }
        let checks = checks(of: machine)
        if !checks.isEmpty { text += ",\"checks\":\(JSON.array(checks))" }
        return text + "}"
    }

    func eventText(_ event: FlyEvent) -> String {
        var text = "{\"id\":\"\(event.id)\",\"type\":\"\(event.type)\",\"status\":\"\(event.status)\""
        text += ",\"source\":\"\(event.source)\",\"timestamp\":\(event.timestamp)"
        if let exit = event.exit {
            text += ",\"request\":{\"exit_event\":{\"exit_code\":\(exit.code),\"guest_exit_code\":\(exit.code)"
            text += ",\"oom_killed\":\(exit.isOutOfMemory),\"requested_stop\":\(exit.requestedStop)"
            text += ",\"signal\":-1},\"restart_count\":\(event.restartCount)}"
        }
        return text + "}"
    }

    /// The named checks of the configuration, then those of its services.
    func checks(of machine: FlyMachine) -> [JSON] {
        var names = (machine.config["checks"]?.fields ?? [:]).keys.sorted()
        for service in machine.config["services"]?.items ?? [] {
            for (index, check) in (service["checks"]?.items ?? []).enumerated() {
                let port = check["port"]?.int ?? service["internal_port"]?.int ?? 0
                names.append("servicecheck-0\(index)-\(check["type"]?.string ?? "tcp")-\(port)")
            }
        }
        guard !names.isEmpty else { return [] }
        let passingAt = machine.startedAt.map { $0 + options.checkDelay }
        let (status, output): (String, String)
        if let set = machine.checkStatus {
            (status, output) = (set, "set by the test")
        } else if machine.state != .started {
            (status, output) = ("warning", "the machine isn't running")
        } else if let passingAt, now >= passingAt {
            (status, output) = ("passing", "Success")
        } else {
            (status, output) = ("critical", "connect: connection refused")
        }
        let at = text(passingAt.map { min($0, now) } ?? machine.updatedAt)
        return names.map {
            ["name": .string($0), "status": .string(status), "output": .string(output), "updated_at": .string(at)]
        }
    }
}

/// An image name taken apart.
struct ImageReference {
    var registry = "registry-1.docker.io"
    var repository: String
    var tag = "latest"
    var digest: String

    /// `nil` when the text is no image name.
    init?(_ text: String) {
        let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves[0].utf8.allSatisfy(Self.isNameByte), let first = halves[0].utf8.first,
            Self.isLetterOrDigit(first), let last = halves[0].utf8.last, Self.isLetterOrDigit(last)
        else { return nil }
        if halves.count == 2 {
            let digits = halves[1].utf8.dropFirst("sha256:".utf8.count)
            guard halves[1].hasPrefix("sha256:"), digits.count == 64, digits.allSatisfy(Self.isLetterOrDigit) else {
                return nil
            }
        }
        var name = halves[0]
        if let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") {
            tag = String(name[name.index(after: colon)...])
            name = name[..<colon]
        }
        let parts = name.split(separator: "/", maxSplits: 1)
        if parts.count == 2, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" {
            registry = String(parts[0])
            repository = String(parts[1])
        } else {
            repository = parts.count == 1 ? "library/" + name : String(name)
        }
        guard !repository.isEmpty, repository == repository.lowercased() else { return nil }
        digest = halves.count == 2 ? String(halves[1]) : "sha256:" + Self.fingerprint(text)
    }

    var text: String {
        "{\"registry\":\"\(registry)\",\"repository\":\"\(repository)\",\"tag\":\"\(tag)\",\"digest\":\"\(digest)\""
            + ",\"labels\":{}}"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || "._-/:".utf8.contains(byte) }

    /// 64 hex digits that depend on the name alone.
    private static func fingerprint(_ text: String) -> String {
        let seed = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        var randomness = Randomness(seed: seed)
        return randomness.hex(64)
    }
}

extension FlyMachine {
    /// A machine in the organisation's list. Needs no world: copying that for each text would cost more than the text.
    func overview(_ clock: SimulatorClock, brief: Bool) -> String {
        var text = "{\"id\":\"\(id)\",\"app_name\":\(JSON.quoted(app)),\"name\":\(JSON.quoted(name))"
        text += ",\"state\":\"\(state.rawValue)\",\"region\":\"\(region)\",\"instance_id\":\"\(instanceID)\""
        text += ",\"version\":\"\(instanceID)\",\"private_ip\":\"\(privateIP)\""
        text += ",\"created_at\":\"\(clock.text(createdAt))\",\"updated_at\":\"\(clock.text(updatedAt))\""
        if !brief {
            var shown: [String: JSON] = [:]
            for field in ["guest", "image", "metadata"] { shown[field] = config[field] }
            text += ",\"config\":\(JSON.object(shown))"
        }
        return text + "}"
    }
}
