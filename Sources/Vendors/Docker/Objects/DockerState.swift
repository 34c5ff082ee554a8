/// What a container is doing, or how it ended.
public struct DockerState: Decodable, Sendable, Equatable {
    public enum Health: String, Sendable {
        case starting, healthy, unhealthy
    }

    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    public var status: String
    /// Also true while it waits to be restarted.
    public var isRunning: Bool
    public var isRestarting: Bool
    /// The kernel killed a process of it for lack of memory.
    public var isOutOfMemory: Bool
    /// 137 after SIGKILL; 127 when the command could not be run.
    public var exitCode: Int
    /// The daemon's words when it could not be started.
    public var error: String
    /// RFC 3339 with nanoseconds; nil when never.
    public var startedAt: String?
    public var finishedAt: String?
    /// Nil without a healthcheck.
    public var health: Health?

    public init(from decoder: any Decoder) throws {
        let fields = try DockerFields(decoder)
        status = try fields.need("Status")
        isRunning = fields.find("Running") ?? (status == "running")
        isRestarting = fields.find("Restarting") ?? (status == "restarting")
        isOutOfMemory = fields.find("OOMKilled") ?? false
        exitCode = fields.find("ExitCode") ?? 0
        error = fields.find("Error") ?? ""
        startedAt = Self.time(fields.find("StartedAt"))
        finishedAt = Self.time(fields.find("FinishedAt"))
        struct Report: Decodable {
            var status: String
            init(from decoder: any Decoder) throws { status = try DockerFields(decoder).need("Status") }
        }
        let report: Report? = fields.find("Health")
        health = report.flatMap { Health(rawValue: $0.status) }
    }

    private static func time(_ text: String?) -> String? {
        guard let text, !text.isEmpty, !text.hasPrefix("0001-01-01") else { return nil }
        return text
    }
}
