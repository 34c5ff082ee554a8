/// How a container sits on its host.
public struct DockerHostSpec: Sendable, Equatable {
    public var network = DockerNetworkMode.bridge
    /// Further names in a named network.
    public var networkAliases: [String] = []
    public var ports: [DockerPort] = []
    public var binds: [DockerBind] = []
    public var mounts: [DockerMount] = []
    /// Options by path: `["/tmp": "size=64m"]`.
    public var temporaryFolders: [String: String] = [:]
    public var restart = DockerRestartPolicy.no
    public var limits = DockerLimits()
    /// `no-new-privileges:true`.
    public var securityOptions: [String] = []
    public var dropCapabilities: [String] = []
    public var addCapabilities: [String] = []
    public var isRootReadOnly = false
    /// A small init as process 1, which passes signals on and reaps.
    public var hasInit = false
    /// `name:address`.
    public var extraHosts: [String] = []
    /// `("json-file", ["max-size": "10m", "max-file": "3"])`: without limits logs fill the disk.
    public var log: DockerLog?

    public init() {}

    var body: DockerJSON {
        let bindings = Dictionary(grouping: ports, by: \.key).mapValues { ports in
            DockerJSON.list(ports.map { .map(["HostIp": $0.hostAddress, "HostPort": String($0.hostPort)]) })
        }
        var body: [String: DockerJSON] = limits.fields.merging(restart.fields) { first, _ in first }
        let own = DockerJSON.fields([
            "NetworkMode": .text(network.text), "PortBindings": ports.isEmpty ? nil : .object(bindings),
            "Binds": .some(binds.map(\.text)), "Mounts": mounts.isEmpty ? nil : .list(mounts.map(\.body)),
            "Tmpfs": temporaryFolders.isEmpty ? nil : .map(temporaryFolders), "SecurityOpt": .some(securityOptions),
            "CapDrop": .some(dropCapabilities), "CapAdd": .some(addCapabilities),
            "ReadonlyRootfs": isRootReadOnly ? .flag(true) : nil, "Init": hasInit ? .flag(true) : nil,
            "ExtraHosts": .some(extraHosts),
            "LogConfig": log.map { .fields(["Type": .text($0.driver), "Config": .map($0.options)]) },
        ])
        if case .object(let fields) = own { body.merge(fields) { first, _ in first } }
        return .object(body)
    }
}

public enum DockerNetworkMode: Sendable, Equatable {
    /// The daemon's default bridge, without names.
    case bridge
    case host
    case none
    /// A network of ours, in which containers find each other by name.
    case named(String)

    var text: String {
        switch self {
        case .bridge: "bridge"
        case .host: "host"
        case .none: "none"
        case .named(let name): name
        }
    }
}

/// A port of the container at an address of the host.
public struct DockerPort: Sendable, Equatable {
    public var containerPort: Int
    /// `tcp` or `udp`.
    public var transport: String
    public var hostAddress: String
    /// 0 lets the daemon choose.
    public var hostPort: Int

    public init(_ containerPort: Int, hostPort: Int, hostAddress: String = "127.0.0.1", transport: String = "tcp") {
        self.containerPort = containerPort
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }

    var key: String { "\(containerPort)/\(transport)" }
}

/// A host path or named volume at a path; a host path that is missing is made, as a folder of root.
public struct DockerBind: Sendable, Equatable {
    public var source: String
    public var path: String
    public var isReadOnly: Bool

    public init(_ source: String, at path: String, isReadOnly: Bool = false) {
        self.source = source
        self.path = path
        self.isReadOnly = isReadOnly
    }

    var text: String { "\(source):\(path):\(isReadOnly ? "ro" : "rw")" }
}

/// Like a bind, but a host path that is missing is refused.
public struct DockerMount: Sendable, Equatable {
    public enum Kind: String, Sendable { case bind, volume }

    public var kind: Kind
    public var source: String
    public var path: String
    public var isReadOnly: Bool

    public init(_ kind: Kind, _ source: String, at path: String, isReadOnly: Bool = false) {
        self.kind = kind
        self.source = source
        self.path = path
        self.isReadOnly = isReadOnly
    }

    var body: DockerJSON {
        .fields([
            "Type": .text(kind.rawValue), "Source": .text(source), "Target": .text(path),
            "ReadOnly": .flag(isReadOnly),
        ])
    }
}

public struct DockerLog: Sendable, Equatable {
    public var driver: String
    public var options: [String: String]

    public init(driver: String, options: [String: String]) {
        self.driver = driver
        self.options = options
    }
}
