/// What a container is made from. Fields that are nil are left to the daemon and the image.
public struct DockerContainerSpec: Sendable, Equatable {
    /// The only idempotency there is: make it deterministic.
    public var name: String
    public var image: String
    public var command: [String]?
    public var entrypoint: [String]?
    /// May hold secrets: inspect shows them to whoever may use the socket, nothing here prints them.
    public var environment: [String: String] = [:]
    public var labels: [String: String] = [:]
    public var hostname: String?
    /// `1000:1000`, or a name that the image knows.
    public var user: String?
    public var workingDirectory: String?
    public var healthcheck: DockerHealthcheck?
    public var stopSignal: String?
    public var stopTimeoutSeconds: Int?
    public var host = DockerHostSpec()

    public init(name: String, image: String, command: [String]? = nil) {
        self.name = name
        self.image = image
        self.command = command
    }

    var body: DockerJSON {
        let ports = DockerJSON.object(
            Dictionary(host.ports.map { ($0.key, .object([:])) }) { first, _ in first })
        let endpoint: DockerJSON? =
            host.networkAliases.isEmpty
            ? nil
            : .fields([
                "EndpointsConfig": .object([host.network.text: .fields(["Aliases": .texts(host.networkAliases)])])
            ])
        return .fields([
            "Image": .text(image), "Cmd": command.map(DockerJSON.texts),
            "Entrypoint": entrypoint.map(DockerJSON.texts),
            "Env": .some(environment.map { "\($0)=\($1)" }.sorted()), "Labels": .map(labels),
            "Hostname": hostname.map { .text($0) }, "User": user.map { .text($0) },
            "WorkingDir": workingDirectory.map { .text($0) }, "Healthcheck": healthcheck?.body,
            "StopSignal": stopSignal.map { .text($0) }, "StopTimeout": stopTimeoutSeconds.map { .number(Int64($0)) },
            "ExposedPorts": host.ports.isEmpty ? nil : ports, "HostConfig": host.body, "NetworkingConfig": endpoint,
        ])
    }

    /// What dockerd would answer with 500, or accept and do something else.
    func check() throws {
        try DockerRules.name(name, .createContainer)
        _ = try DockerImageReference(image)
        func refuse(_ reason: String) throws {
            throw DockerError(.invalid, .createContainer, target: name, message: reason)
        }
        if environment.keys.contains(where: { $0.isEmpty || $0.contains("=") || $0.utf8.contains(0) }) {
            try refuse("a variable's name is empty or has = in it")
        }
        if let reason = host.limits.problem { try refuse(reason) }
        for port in host.ports {
            guard (1...65_535).contains(port.containerPort), (0...65_535).contains(port.hostPort) else {
                return try refuse("port \(port.hostPort) to \(port.containerPort) is out of range")
            }
        }
        for mount in host.mounts where !mount.path.hasPrefix("/") {
            try refuse("mount path \(mount.path) is not absolute")
        }
        for bind in host.binds {
            guard bind.path.hasPrefix("/"), !bind.path.contains(":"), !bind.source.contains(":"), !bind.source.isEmpty
            else { return try refuse("bind \(bind.source) to \(bind.path) is not a path and an absolute path") }
        }
    }
}

/// Runs inside the container; three failures make it unhealthy unless said otherwise.
public struct DockerHealthcheck: Sendable, Equatable {
    /// Argument list, no shell.
    public var command: [String]
    public var intervalSeconds: Double
    public var timeoutSeconds: Double
    public var retries: Int
    public var startPeriodSeconds: Double

    public init(
        command: [String], intervalSeconds: Double = 30, timeoutSeconds: Double = 30, retries: Int = 3,
        startPeriodSeconds: Double = 0
    ) {
        self.command = command
        self.intervalSeconds = intervalSeconds
        self.timeoutSeconds = timeoutSeconds
        self.retries = retries
        self.startPeriodSeconds = startPeriodSeconds
    }

    var body: DockerJSON {
        .fields([
            "Test": .texts(["CMD"] + command), "Interval": .number(Int64(intervalSeconds * 1e9)),
            "Timeout": .number(Int64(timeoutSeconds * 1e9)), "Retries": .number(Int64(retries)),
            "StartPeriod": .number(Int64(startPeriodSeconds * 1e9)),
        ])
    }
}
