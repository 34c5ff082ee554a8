/// How a container sits on its host, as inspect shows it: what is compared with a `DockerHostSpec`.
public struct DockerHostConfig: Decodable, Sendable, Equatable {
    public var network: String
    public var binds: [String]
    public var mounts: [DockerMount]
    /// Options by path.
    public var temporaryFolders: [String: String]
    public var ports: [DockerPort]
    /// Nil for a policy that this client does not know.
    public var restart: DockerRestartPolicy?
    /// 0 is no limit.
    public var memoryBytes: Int64
    public var memoryAndSwapBytes: Int64
    public var cpus: Double
    /// Nil or 0 is no limit.
    public var processes: Int64?
    public var securityOptions: [String]
    public var dropCapabilities: [String]
    public var addCapabilities: [String]
    public var isRootReadOnly: Bool
    public var hasInit: Bool
    public var extraHosts: [String]
    public var log: DockerLog?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        network = fields.find("NetworkMode") ?? ""
        binds = fields.find("Binds") ?? []
        memoryBytes = fields.find("Memory") ?? 0
        memoryAndSwapBytes = fields.find("MemorySwap") ?? 0
        let nano: Int64 = fields.find("NanoCpus") ?? 0
        cpus = Double(nano) / 1e9
        processes = fields.find("PidsLimit")
        securityOptions = fields.find("SecurityOpt") ?? []
        dropCapabilities = fields.find("CapDrop") ?? []
        addCapabilities = fields.find("CapAdd") ?? []
        isRootReadOnly = fields.find("ReadonlyRootfs") ?? false
        temporaryFolders = fields.find("Tmpfs") ?? [:]
        hasInit = fields.find("Init") ?? false
        extraHosts = fields.find("ExtraHosts") ?? []
        let shown: [Mount] = fields.find("Mounts") ?? []
        mounts = shown.compactMap(\.mount)
        let driver: Driver? = fields.find("LogConfig")
        log = driver.map { DockerLog(driver: $0.name, options: $0.options) }
        let policy: Policy? = fields.find("RestartPolicy")
        restart = DockerRestartPolicy(name: policy?.name ?? "", retries: policy?.retries ?? 0)
        let bindings: [String: [Binding]?] = fields.find("PortBindings") ?? [:]
        ports = bindings.flatMap { key, list in (list ?? []).compactMap { $0.port(key) } }
            .sorted { ($0.containerPort, $0.hostPort) < ($1.containerPort, $1.hostPort) }
    }

    private struct Mount: Decodable {
        /// Nil for a kind that this client does not make.
        var mount: DockerMount?
        init(from decoder: any Decoder) throws {
            let fields = try DockerFields(decoder)
            let kind: String = fields.find("Type") ?? ""
            mount = DockerMount.Kind(rawValue: kind).map {
                DockerMount(
                    $0, fields.find("Source") ?? "", at: fields.find("Target") ?? "",
                    isReadOnly: fields.find("ReadOnly") ?? false)
            }
        }
    }

    private struct Driver: Decodable {
        var name: String
        var options: [String: String]
        init(from decoder: any Decoder) throws {
            let fields = try DockerFields(decoder)
            name = fields.find("Type") ?? ""
            options = fields.find("Config") ?? [:]
        }
    }

    private struct Policy: Decodable {
        var name: String
        var retries: Int
        init(from decoder: any Decoder) throws {
            let fields = try DockerFields(decoder)
            name = fields.find("Name") ?? ""
            retries = fields.find("MaximumRetryCount") ?? 0
        }
    }

    private struct Binding: Decodable {
        var address: String
        var port: String
        init(from decoder: any Decoder) throws {
            let fields = try DockerFields(decoder)
            address = fields.find("HostIp") ?? ""
            port = fields.find("HostPort") ?? ""
        }

        func port(_ key: String) -> DockerPort? {
            let parts = key.split(separator: "/")
            guard let inside = parts.first.flatMap({ Int($0) }) else { return nil }
            return DockerPort(
                inside, hostPort: Int(port) ?? 0, hostAddress: address,
                transport: parts.count > 1 ? String(parts[1]) : "tcp")
        }
    }
}
