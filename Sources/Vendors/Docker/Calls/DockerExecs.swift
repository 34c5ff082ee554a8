import FoundationEssentials

extension DockerClient {
    /// Prepares a command; `notRunning` or `paused` when the container cannot take it.
    /// - Parameter isAttached: its output is read by `startExec`.
    public func createExec(
        in container: String, _ spec: DockerExecSpec, isAttached: Bool = true
    ) async throws -> String {
        guard spec.command.first?.isEmpty == false else {
            throw DockerError(.invalid, .createExec, target: container, message: "there is no command")
        }
        let created: DockerCreated = try await read(
            try call(.createExec, container, "exec").with { try $0.set(body: spec.body(isAttached: isAttached)) })
        return created.id
    }

    /// Starts it and reads what it says to its end, the last `maxBytes` of each output. When the deadline passes or the
    /// connection breaks the command lives on: the output is not complete then, `inspectExec` tells the rest. The stream
    /// has no mark at its end, so that only the exit code proves that the command is done. When the answer to the start is
    /// cut off (`outcomeUnknown`), 20.10 has been seen to tell no exit code later: wait for one with a limit.
    public func startExec(
        _ exec: String, timeout: Duration, maxBytes: Int = 64 << 10
    ) async throws -> DockerOutput {
        let call = try startCall(exec, isDetached: false).with {
            $0.total = timeout
            $0.idle = timeout
        }
        let response = try await stream(call)
        var collector = OutputCollector(limitBytes: maxBytes, mayBeRaw: false)
        do {
            try await forEachChunk(of: response, call) { try collector.feed($0) }
        } catch is FrameDecoder.Malformed {
            throw DockerError(.outcomeUnknown, .startExec, target: exec, message: "the stream is not framed")
        } catch let error as DockerError {
            guard error.kind == .outcomeUnknown || error.kind == .unavailable else { throw error }
            return collector.result(isComplete: false)
        }
        if let words = collector.daemonMessage {
            throw DockerError(.failed, .startExec, target: exec, message: words)
        }
        let output = collector.result(isComplete: true)
        // 20.10 says so with status 200, in place of the command's output (contract docker, "Exec").
        if output.standardError.isEmpty, output.outputText.hasPrefix("Error: Exec command \(exec) has already run") {
            throw DockerError(.alreadyStarted, .startExec, target: exec, message: output.outputText)
        }
        return output
    }

    /// Starts it and leaves it alone.
    public func startExecDetached(_ exec: String) async throws {
        try await send(try startCall(exec, isDetached: true))
    }

    public func inspectExec(_ exec: String) async throws -> DockerExec {
        try DockerRules.reference(exec, .inspectExec)
        return try await read(.get(.inspectExec, exec, ["exec", exec, "json"]))
    }

    /// Runs a command to its end. `timedOutWaiting` names the exec, which lives on: `inspectExec` finds it again.
    public func run(
        _ spec: DockerExecSpec, in container: String, timeout: Duration, maxBytes: Int = 64 << 10
    ) async throws -> DockerExecResult {
        let id = try await createExec(in: container, spec)
        let output = try await startExec(id, timeout: timeout, maxBytes: maxBytes)
        // The stream may end a moment before the daemon has noted the code.
        let end = ContinuousClock.now + (output.isComplete ? .seconds(10) : .zero)
        while true {
            let exec = try await inspectExec(id)
            if let code = exec.exitCode { return DockerExecResult(execID: id, exitCode: code, output: output) }
            guard ContinuousClock.now < end else {
                throw DockerError(
                    .timedOutWaiting, .startExec, target: id,
                    message: "\(spec.command[0]) in \(container) has not ended, of \(timeout) to wait at most")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private func startCall(_ exec: String, isDetached: Bool) throws -> DockerCall {
        try DockerRules.reference(exec, .startExec)
        return try DockerCall.post(.startExec, exec, ["exec", exec, "start"]).with {
            try $0.set(body: .fields(["Detach": .flag(isDetached), "Tty": .flag(false)]))
        }
    }
}
