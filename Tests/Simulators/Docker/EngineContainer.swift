/// A container, and what its process does.
struct EngineContainer: Sendable {
    enum State: String, Sendable { case created, running, restarting, exited, removing, dead }

    var id: String
    var name: String
    /// As it was asked for.
    var image: String
    var imageID: String
    var config: JSON
    var host: JSON
    var networking: JSON
    var createdAt: Duration
    var order: Int
    var state = State.created
    var exitCode = 0
    var error = ""
    var isOOMKilled = false
    var pid = 0
    var startedAt: Duration?
    var finishedAt: Duration?
    var restartCount = 0
    /// `nil` without a health check.
    var health: String?
    var failingStreak = 0
    /// Counts processes: what was planned for an older one no longer counts.
    var epoch = 0
    var backoff = Duration.milliseconds(100)
    /// Stopped or killed by a call: `unless-stopped` holds.
    var isStoppedByUser = false
    var isStopping = false
    /// Frozen by a call; to itself it goes on running.
    var isPaused = false
    /// Somebody took it out of its network.
    var isDisconnected = false
    /// Ends of processes so far, for those who wait.
    var ends = 0
    var behaviour = DockerSimulator.Behaviour.runs
    var hasPort = false
    /// Its process came, or will come, to the host's port too late.
    var lacksPort = false
    var layer: [String: DockerSimulator.File] = [:]
    var marks: Set<String> = []
    var log: [LogLine] = []

    struct LogLine: Sendable {
        var time: Duration
        var isError: Bool
        var text: String
    }

    /// A restart loop counts as running (contract docker, "Containers").
    var isRunning: Bool { state == .running || state == .restarting }
    var stateWord: String { isPaused ? "paused" : state.rawValue }
    var labels: [String: String] { config["Labels"]?.fields?.compactMapValues(\.string) ?? [:] }
    var environment: [String: String] {
        let pairs = (config["Env"]?.items ?? []).compactMap(\.string).map {
            let halves = $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(halves[0]), halves.count > 1 ? String(halves[1]) : "")
        }
        return Dictionary(pairs) { _, last in last }
    }
    var policy: String { host["RestartPolicy"]?["Name"]?.string ?? "no" }
    var networkMode: String {
        let mode = host["NetworkMode"]?.string ?? "default"
        return mode.isEmpty || mode == "default" ? "bridge" : mode
    }
    var isAutoRemoved: Bool { host["AutoRemove"]?.bool ?? false }
    var hasHealthcheck: Bool {
        let test = config["Healthcheck"]?["Test"]?.items ?? []
        return !test.isEmpty && test[0].string != "NONE"
    }

    /// `(source, path, isReadOnly)`, longest path first. A named volume's source begins with `volume:`.
    var binds: [(source: String, path: String, isReadOnly: Bool)] {
        let short = (host["Binds"]?.items ?? []).compactMap(\.string).compactMap { text in
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count > 1 else { return nil as (String, String, Bool)? }
            let source = parts[0].hasPrefix("/") ? parts[0] : "volume:" + parts[0]
            return (source, parts[1], parts.count > 2 && parts[2].split(separator: ",").contains("ro"))
        }
        let long = (host["Mounts"]?.items ?? []).compactMap { mount in
            guard let source = mount["Source"]?.string, let path = mount["Target"]?.string else {
                return nil as (String, String, Bool)?
            }
            let isVolume = mount["Type"]?.string == "volume"
            return (isVolume ? "volume:" + source : source, path, mount["ReadOnly"]?.bool ?? false)
        }
        return (short + long).map { (source: $0.0, path: $0.1, isReadOnly: $0.2) }
            .sorted { $0.path.utf8.count > $1.path.utf8.count }
    }
}
