/// A machine's configuration: what is refused, and what the server fills in.
enum MachineConfig {
    /// Checks a configuration and returns it as the API echoes it: with defaults, durations in Go's form, flags as
    /// words. Naive equality with what was sent fails, as it does with the real one.
    static func accepted(_ sent: JSON?) throws -> JSON {
        guard let sent, sent.fields != nil else { throw Refusal.invalid("config is required") }
        guard let image = sent["image"]?.string, !image.isEmpty else {
            throw Refusal.invalid("config.image is required")
        }
        guard ImageReference(image) != nil else { throw Refusal.invalid("invalid image reference '\(image)'") }
        for field in ["env", "metadata"] {
            for (key, value) in sent[field]?.fields ?? [:] where value.string == nil {
                throw Refusal.invalid("config.\(field).\(key) must be a string")
            }
        }
        var config = sent
        config["guest"] = try guest(sent)
        config["size"] = nil
        config["restart"] = try restart(sent["restart"])
        if sent["init"] == nil { config["init"] = [:] }
        if sent["dns"] == nil { config["dns"] = [:] }
        if sent["auto_destroy"] == false { config["auto_destroy"] = nil }
        if let stop = sent["stop_config"] { config["stop_config"] = try durations(["timeout"], of: stop) }
        if let checks = sent["checks"]?.fields { config["checks"] = .object(try checks.mapValues(check)) }
        if let services = sent["services"]?.items { config["services"] = .array(try services.map(service)) }
        return config
    }

    private static func guest(_ sent: JSON) throws -> JSON {
        var guest = sent["guest"] ?? .object([:])
        if let size = sent["size"]?.string, sent["guest"] == nil {
            guard let (kind, cpus) = sizes[size] else { throw Refusal.invalid("unknown size '\(size)'") }
            guest = ["cpu_kind": .string(kind), "cpus": .int(cpus)]
        }
        if guest["cpu_kind"] == nil { guest["cpu_kind"] = "shared" }
        if guest["cpus"] == nil { guest["cpus"] = 1 }
        guard let kind = guest["cpu_kind"]?.string, ["shared", "performance"].contains(kind) else {
            throw Refusal.invalid("config.guest.cpu_kind must be shared or performance")
        }
        guard let cpus = guest["cpus"]?.int, [1, 2, 4, 8, 16].contains(cpus) else {
            throw Refusal.invalid("config.guest.cpus must be 1, 2, 4, 8 or 16")
        }
        let least = (kind == "shared" ? 256 : 2048) * cpus
        if guest["memory_mb"] == nil { guest["memory_mb"] = .int(least) }
        let most = (kind == "shared" ? 2048 : 8192) * cpus
        guard let memory = guest["memory_mb"]?.int, memory % 256 == 0, (least...most).contains(memory) else {
            throw Refusal.invalid("config.guest.memory_mb must be a multiple of 256 from \(least) to \(most)")
        }
        return guest
    }

    private static let sizes: [String: (String, Int)] = [
        "shared-cpu-1x": ("shared", 1), "shared-cpu-2x": ("shared", 2), "shared-cpu-4x": ("shared", 4),
        "shared-cpu-8x": ("shared", 8), "performance-1x": ("performance", 1), "performance-2x": ("performance", 2),
    ]

    private static func restart(_ sent: JSON?) throws -> JSON {
        guard var restart = sent else { return ["policy": "on-failure", "max_retries": 10] }
        if restart["policy"] == nil { restart["policy"] = "on-failure" }
        guard let policy = restart["policy"]?.string, ["no", "on-failure", "always"].contains(policy) else {
            throw Refusal.invalid("config.restart.policy must be no, on-failure or always")
        }
        if policy == "on-failure", restart["max_retries"] == nil { restart["max_retries"] = 10 }
        return restart
    }

    private static func check(_ sent: JSON) throws -> JSON {
        guard let type = sent["type"]?.string, ["tcp", "http"].contains(type) else {
            throw Refusal.invalid("type of a check must be tcp or http")
        }
        return try durations(["interval", "timeout", "grace_period"], of: sent)
    }

    private static func service(_ sent: JSON) throws -> JSON {
        guard let port = sent["internal_port"]?.int, (1...65535).contains(port) else {
            throw Refusal.invalid("internal_port of a service must be from 1 to 65535")
        }
        var service = sent
        if sent["protocol"] == nil { service["protocol"] = "tcp" }
        if let flag = sent["autostop"]?.bool { service["autostop"] = flag ? "stop" : "off" }
        if sent["force_instance_key"] == nil { service["force_instance_key"] = .null }
        if let checks = sent["checks"]?.items { service["checks"] = .array(try checks.map(check)) }
        return service
    }

    /// Strings in Go's form and nanosecond integers are accepted; strings in its normal form are echoed.
    private static func durations(_ fields: [String], of sent: JSON) throws -> JSON {
        var value = sent
        for field in fields {
            switch sent[field] {
            case nil, .null?: continue
            case .int(let nanoseconds)?: value[field] = .string(GoDuration.text(nanoseconds: nanoseconds))
            case .string(let text)?:
                guard let nanoseconds = GoDuration.nanoseconds(text) else {
                    throw Refusal.invalid("time: invalid duration \"\(text)\"")
                }
                value[field] = .string(GoDuration.text(nanoseconds: nanoseconds))
            default: throw Refusal.invalid("\(field) must be a duration")
            }
        }
        return value
    }
}
