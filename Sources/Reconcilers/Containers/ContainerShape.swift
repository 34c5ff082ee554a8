import FoundationEssentials
import Vendors

/// What a container is made of, apart from its name and its labels; Docker restarts all of them (`unless-stopped`). A pure value: its hash tells two specifications
/// apart, and it is compared with what Docker shows. It may hold secrets in `environment`: nothing prints it.
public struct ContainerShape: Sendable, Equatable, Encodable {
    public struct Mount: Sendable, Equatable, Encodable {
        /// A folder of the droplet otherwise.
        public var isVolume: Bool
        /// Path on the droplet, or name of the volume.
        public var source: String
        public var path: String
        public var isReadOnly: Bool

        public init(_ source: String, at path: String, isVolume: Bool = false, isReadOnly: Bool = false) {
            self.isVolume = isVolume
            self.source = source
            self.path = path
            self.isReadOnly = isReadOnly
        }
    }

    /// A port of a container that is not on the host's network.
    public struct Port: Sendable, Equatable, Encodable {
        public var inside: Int
        public var host: Int
        public var address: String

        public init(_ inside: Int, host: Int, address: String = "127.0.0.1") {
            self.inside = inside
            self.host = host
            self.address = address
        }
    }

    public var image: String
    /// Argument list; nil: the image's.
    public var command: [String]?
    public var hostname: String?
    /// Added to the image's.
    public var environment: [String: String] = [:]
    /// `host`, `bridge`, or a network by name.
    public var network = "bridge"
    public var aliases: [String] = []
    public var ports: [Port] = []
    public var mounts: [Mount] = []
    public var securityOptions: [String] = []
    public var memoryBytes: Int64?
    /// Nil: the image's, if it has one.
    public var health: Health?
    /// Logs without a limit fill the droplet's disk.
    public var logOptions = ["max-file": "3", "max-size": "10m"]

    /// A command that Docker runs inside, argv.
    public struct Health: Sendable, Equatable, Encodable {
        public var command: [String]
        public var intervalSeconds: Double
        public var timeoutSeconds: Double
        public var retries: Int

        public init(command: [String], intervalSeconds: Double = 10, timeoutSeconds: Double = 5, retries: Int = 3) {
            self.command = command
            self.intervalSeconds = intervalSeconds
            self.timeoutSeconds = timeoutSeconds
            self.retries = retries
        }
    }

    /// One that somebody can take away; nil: Docker always has it.
    public var ownNetwork: String? { Self.ownNetwork(network) }

    static func ownNetwork(_ network: String) -> String? {
        ["host", "bridge", "none"].contains(network) ? nil : network
    }

    public init(image: String, command: [String]? = nil) {
        self.image = image
        self.command = command
    }

    /// 16 hex digits: `converged.containers.spec_hash` and the label `converged.spec`.
    public var hash: String {
        // Strings and numbers always encode.
        Digest.short([(try? JSONText.of(self)) ?? ""])
    }
}

extension ContainerShape {
    /// - Parameter makesFolders: Docker then makes folders of the host that are missing; otherwise it refuses.
    func spec(name: String, labels: [String: String], makesFolders: Bool) -> DockerContainerSpec {
        var spec = DockerContainerSpec(name: name, image: image, command: command)
        spec.environment = environment
        spec.labels = labels
        spec.hostname = hostname
        spec.healthcheck = health.map {
            DockerHealthcheck(
                command: $0.command, intervalSeconds: $0.intervalSeconds, timeoutSeconds: $0.timeoutSeconds,
                retries: $0.retries)
        }
        spec.host.network =
            switch network {
            case "host": .host
            case "bridge": .bridge
            case "none": .none
            default: .named(network)
            }
        spec.host.networkAliases = aliases
        spec.host.ports = ports.map { DockerPort($0.inside, hostPort: $0.host, hostAddress: $0.address) }
        spec.host.restart = .unlessStopped
        spec.host.securityOptions = securityOptions
        spec.host.limits = DockerLimits(memoryBytes: memoryBytes)
        spec.host.log = DockerLog(driver: "json-file", options: logOptions)
        for mount in mounts {
            if makesFolders, !mount.isVolume {
                spec.host.binds.append(DockerBind(mount.source, at: mount.path, isReadOnly: mount.isReadOnly))
            } else {
                let kind = mount.isVolume ? DockerMount.Kind.volume : .bind
                spec.host.mounts.append(
                    DockerMount(kind, mount.source, at: mount.path, isReadOnly: mount.isReadOnly))
            }
        }
        return spec
    }

    /// What somebody changed by hand, in words without values; nil when Docker shows what was asked for. Only what can be
    /// changed on a container, or is worth a new one, is looked at: daemons fill in the rest each in its own way.
    func drift(in container: DockerContainer) -> String? {
        if container.image != image { return "image \(container.image)" }
        if let command, container.command != command { return "another command" }
        for (name, value) in environment.sorted(by: { $0.key < $1.key })
        where !container.environment.contains("\(name)=\(value)") {
            return "environment \(name)"
        }
        if container.host.network != network, !(network == "bridge" && container.host.network == "default") {
            return "network \(container.host.network)"
        }
        if let ownNetwork, container.networks[ownNetwork] == nil { return "not in network \(ownNetwork)" }
        if container.host.restart != .unlessStopped { return "restart policy" }
        if let memoryBytes, container.host.memoryBytes != memoryBytes { return "memory limit" }
        let shown =
            container.host.mounts.map { "\($0.source):\($0.path):\($0.isReadOnly ? "ro" : "rw")" }
            + container.host.binds
        for mount in mounts where !shown.contains("\(mount.source):\(mount.path):\(mount.isReadOnly ? "ro" : "rw")") {
            return "mount \(mount.path)"
        }
        let wanted = ports.map { DockerPort($0.inside, hostPort: $0.host, hostAddress: $0.address) }
        for port in wanted where !container.host.ports.contains(port) { return "port \(port.hostPort)" }
        return nil
    }
}
