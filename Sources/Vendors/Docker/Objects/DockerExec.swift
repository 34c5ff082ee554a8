/// A command inside a running container. Its arguments show up in the daemon's events: no secrets in them.
public struct DockerExecSpec: Sendable, Equatable {
    /// Argument list, no shell.
    public var command: [String]
    public var environment: [String: String]
    public var user: String?
    public var workingDirectory: String?

    public init(
        _ command: [String], environment: [String: String] = [:], user: String? = nil, workingDirectory: String? = nil
    ) {
        self.command = command
        self.environment = environment
        self.user = user
        self.workingDirectory = workingDirectory
    }

    func body(isAttached: Bool) -> DockerJSON {
        .fields([
            "AttachStdout": .flag(isAttached), "AttachStderr": .flag(isAttached), "Cmd": .texts(command),
            "Env": .some(environment.map { "\($0)=\($1)" }.sorted()), "User": user.map { .text($0) },
            "WorkingDir": workingDirectory.map { .text($0) },
        ])
    }
}

/// An exec as the daemon remembers it: for a few minutes after its end.
public struct DockerExec: Decodable, Sendable, Equatable {
    public var id: String
    public var isRunning: Bool
    /// Nil before it has ended. 126 or 127: the command could not be run.
    public var exitCode: Int?
    public var containerID: String
    /// With its arguments.
    public var command: [String]

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        id = try fields.need("ID")
        isRunning = try fields.need("Running")
        let code: Int? = fields.find("ExitCode")
        exitCode = isRunning ? nil : code
        containerID = fields.find("ContainerID") ?? ""
        struct Process: Decodable {
            var command: [String]
            init(from decoder: any Decoder) throws {
                let fields = try DockerFields(decoder)
                let program: String? = fields.find("entrypoint")
                let arguments: [String] = fields.find("arguments") ?? []
                command = [program].compactMap(\.self) + arguments
            }
        }
        let process: Process? = fields.find("ProcessConfig")
        command = process?.command ?? []
    }
}

/// How a command ended.
public struct DockerExecResult: Sendable, Equatable {
    public var execID: String
    public var exitCode: Int
    public var output: DockerOutput
}
