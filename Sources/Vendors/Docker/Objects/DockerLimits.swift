/// What a container may use. Nil is no limit at a create and no change at an update.
public struct DockerLimits: Sendable, Equatable {
    /// At least 6 MiB.
    public var memoryBytes: Int64?
    /// Memory and swap together; -1 is no limit. Has to move with the memory when that is raised.
    public var memoryAndSwapBytes: Int64?
    public var cpus: Double?
    public var processes: Int64?

    public init(
        memoryBytes: Int64? = nil, memoryAndSwapBytes: Int64? = nil, cpus: Double? = nil, processes: Int64? = nil
    ) {
        self.memoryBytes = memoryBytes
        self.memoryAndSwapBytes = memoryAndSwapBytes
        self.cpus = cpus
        self.processes = processes
    }

    var fields: [String: DockerJSON] {
        var fields: [String: DockerJSON] = [:]
        fields["Memory"] = memoryBytes.map { .number($0) }
        fields["MemorySwap"] = memoryAndSwapBytes.map { .number($0) }
        fields["NanoCpus"] = cpus.map { .number(Int64($0 * 1e9)) }
        fields["PidsLimit"] = processes.map { .number($0) }
        return fields
    }

    /// Nil when they can be sent.
    var problem: String? {
        if let memoryBytes, memoryBytes < DockerRules.minMemoryBytes {
            return "memory \(memoryBytes) is under 6 MiB"
        }
        if let swap = memoryAndSwapBytes, swap != -1, swap < memoryBytes ?? 0 {
            return "memory and swap \(swap) are less than the memory alone"
        }
        if let cpus, !(0.01...4096).contains(cpus) { return "\(cpus) CPUs are out of range" }
        if let processes, processes != -1, processes < 1 { return "\(processes) processes are out of range" }
        return nil
    }
}

public enum DockerRestartPolicy: Sendable, Equatable {
    case no, always, unlessStopped
    case onFailure(maxRetries: Int)

    var fields: [String: DockerJSON] {
        let policy: (String, Int) =
            switch self {
            case .no: ("no", 0)
            case .always: ("always", 0)
            case .unlessStopped: ("unless-stopped", 0)
            case .onFailure(let retries): ("on-failure", retries)
            }
        return [
            "RestartPolicy": .object(["Name": .text(policy.0), "MaximumRetryCount": .number(Int64(policy.1))])
        ]
    }

    /// Nil for a policy that this client does not know.
    init?(name: String, retries: Int) {
        switch name {
        case "no", "": self = .no
        case "always": self = .always
        case "unless-stopped": self = .unlessStopped
        case "on-failure": self = .onFailure(maxRetries: retries)
        default: return nil
        }
    }
}
