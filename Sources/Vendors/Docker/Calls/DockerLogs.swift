extension DockerClient {
    /// The last lines, at most `maxBytes` of each output however long they are.
    /// - Parameter sinceSeconds: nothing older than this time of the host's clock (seconds since 1970).
    public func logs(
        of container: String, lines: Int, maxBytes: Int = 64 << 10, sinceSeconds: Int? = nil
    ) async throws -> DockerOutput {
        try DockerRules.reference(container, .readLogs)
        let call = DockerCall.get(.readLogs, container, ["containers", container, "logs"]).with {
            $0.query = [("stdout", "1"), ("stderr", "1"), ("tail", String(max(0, lines)))]
            if let sinceSeconds { $0.query.append(("since", String(sinceSeconds))) }
        }
        let response = try await stream(call)
        var collector = OutputCollector(limitBytes: maxBytes, mayBeRaw: true)
        do {
            try await forEachChunk(of: response, call) { try collector.feed($0) }
        } catch is FrameDecoder.Malformed {
            throw DockerError(.unavailable, .readLogs, target: container, message: "the stream is not framed")
        }
        return collector.result(isComplete: true)
    }
}
