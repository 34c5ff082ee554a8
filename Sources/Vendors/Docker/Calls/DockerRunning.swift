import FoundationEssentials

/// Starting and stopping.
extension DockerClient {
    /// `cannotExecute`, `portInUse`, `needMissing` (a network): the container stays as `created`, its state tells the words.
    @discardableResult public func startContainer(_ container: String) async throws -> DockerChange {
        try await change(try call(.startContainer, container, "start").with { $0.allow(60) })
    }

    /// Blocks until it has stopped; after `graceSeconds` it is killed.
    @discardableResult public func stopContainer(
        _ container: String, graceSeconds: Int = 10
    ) async throws -> DockerChange {
        try await change(
            try call(.stopContainer, container, "stop").with {
                $0.query = [("t", String(graceSeconds))]
                $0.allow(graceSeconds)
            })
    }

    /// `notRunning` when there is nothing to signal.
    /// - Parameter signal: `KILL`, `HUP`, `USR1`.
    public func killContainer(_ container: String, signal: String = "KILL") async throws {
        try await send(try call(.killContainer, container, "kill").with { $0.query = [("signal", signal)] })
    }

    public func restartContainer(_ container: String, graceSeconds: Int = 10) async throws {
        try await send(
            try call(.restartContainer, container, "restart").with {
                $0.query = [("t", String(graceSeconds))]
                $0.allow(graceSeconds + 60)
            })
    }

    /// Of one that was frozen by hand. `conflict` when it is not.
    public func unpauseContainer(_ container: String) async throws {
        try await send(try call(.unpauseContainer, container, "unpause"))
    }

    /// What `waitContainer` waits for.
    public enum WaitCondition: String, Sendable {
        /// True at once for one that does not run.
        case notRunning = "not-running"
        case nextExit = "next-exit"
        case removed
    }

    /// The exit code. `timedOutWaiting` when `timeout` passed first; nothing was changed then.
    public func waitContainer(
        _ container: String, until condition: WaitCondition = .notRunning, timeout: Duration
    ) async throws -> Int {
        struct Answer: Decodable {
            var code: Int
            var words: String?
            init(from decoder: any Decoder) throws {
                struct Failure: Decodable {
                    var message: String
                    init(from decoder: any Decoder) throws { message = try DockerFields(decoder).need("Message") }
                }
                let fields = try DockerFields(decoder)
                code = try fields.need("StatusCode")
                let failure: Failure? = fields.find("Error")
                words = failure?.message
            }
        }
        let call = try call(.waitContainer, container, "wait").with {
            $0.query = [("condition", condition.rawValue)]
            $0.total = timeout
            $0.idle = timeout
        }
        // Streamed, because a long wait is no failure of the daemon: only the head counts for the breaker.
        let response = try await stream(call)
        var body: [UInt8] = []
        try await forEachChunk(of: response, call) { body += $0.prefix(65_536 - body.count) }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(body)) else {
            throw DockerError(.unavailable, .waitContainer, target: container, message: "the answer broke off")
        }
        if let words = answer.words, !words.isEmpty {
            throw DockerError(.unavailable, .waitContainer, target: container, message: words)
        }
        return answer.code
    }
}
