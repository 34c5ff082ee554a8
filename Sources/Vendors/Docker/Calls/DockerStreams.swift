import Outbound

/// Whole archives and outputs that are too large to hold.
extension DockerClient {
    /// A file or folder as a tar archive, chunk by chunk; the next one is read when `take` has returned. Of running and of
    /// stopped containers. `noSuchPath`, `notFound`.
    public func readArchive(
        of path: String, in container: String, timeout: Duration, _ take: ([UInt8]) async throws -> Void
    ) async throws {
        try DockerRules.reference(container, .getArchive)
        var call = DockerCall(.getArchive, container, "GET", ["containers", container, "archive"])
        call.query = [("path", path)]
        call.total = timeout
        try await forEachChunk(of: try await stream(call), call, waitingFor: take)
    }

    /// Unpacks an archive of known length below a folder, as it is; see `putArchive(_:into:at:)` for the rest.
    public func putArchive(
        tar: TarContent, into container: String, at folder: String, timeout: Duration
    ) async throws {
        try DockerRules.reference(container, .putArchive)
        var call = DockerCall(.putArchive, container, "PUT", ["containers", container, "archive"])
        call.query = [("path", folder)]
        call.headers = [("Content-Type", "application/x-tar")]
        call.bodyStream = BodyStream(length: tar.length) { try await tar.pump($0) }
        call.total = timeout
        try await send(call)
    }

    /// Runs a command to its end and hands on what it writes to standard output; the next chunk is read when `take` has
    /// returned. The result holds the end of standard error only. A stream that breaks off is thrown: what was taken is
    /// no whole then, and the command may live on.
    public func run(
        _ spec: DockerExecSpec, in container: String, timeout: Duration, output take: ([UInt8]) async throws -> Void
    ) async throws -> DockerExecResult {
        let id = try await createExec(in: container, spec)
        let call = try DockerCall.post(.startExec, id, ["exec", id, "start"]).with {
            try $0.set(body: .fields(["Detach": .flag(false), "Tty": .flag(false)]))
            $0.total = timeout
            $0.idle = timeout
        }
        var decoder = FrameDecoder()
        var errors = ByteTail(limit: 4096)
        try await forEachChunk(
            of: try await stream(call), call,
            waitingFor: { chunk in
                var payload: [UInt8] = []
                do {
                    try decoder.feed(chunk) { source, part in
                        if source == .output { payload += part } else { errors.append(part) }
                    }
                } catch {
                    throw DockerError(.outcomeUnknown, .startExec, target: id, message: "the stream is not framed")
                }
                if !payload.isEmpty { try await take(payload) }
            })
        let output = DockerOutput(standardError: errors.bytes, isComplete: decoder.isAtBorder)
        let end = ContinuousClock.now + .seconds(10)
        while true {
            if let code = try await inspectExec(id).exitCode {
                return DockerExecResult(execID: id, exitCode: code, output: output)
            }
            guard ContinuousClock.now < end else {
                throw DockerError(
                    .timedOutWaiting, .startExec, target: id, message: "\(spec.command[0]) tells no exit code")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func forEachChunk(
        of response: StreamedResponse, _ call: DockerCall, waitingFor take: ([UInt8]) async throws -> Void
    ) async throws {
        do {
            for try await chunk in response.body { try await take(chunk) }
            if Task.isCancelled { throw CancellationError() }
        } catch let error as OutboundError {
            throw try failure(error, of: call)
        }
    }
}
