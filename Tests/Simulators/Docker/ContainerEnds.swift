extension DockerWorld {
    mutating func removeContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        if container.state == .removing {
            throw EngineRefusal(409, "removal of container \(request.target) is already in progress")
        }
        if container.isRunning {
            guard request.flag("force") else {
                let words = container.state == .restarting ? "restarting" : "running"
                throw EngineRefusal(
                    409,
                    "You cannot remove a \(words) container \(container.id). Stop the container before attempting "
                        + "removal or force remove")
            }
            change(container.id) { $0.isStoppedByUser = true }
            signal(container.id, 9)
        }
        let id = container.id
        // It may have been removed by its own end.
        guard containers[id] != nil else { return .empty(204) }
        guard options.removalDelay > .zero else {
            vanish(id)
            return .empty(204)
        }
        change(id) { $0.state = .removing }
        plan(after: options.removalDelay, .removed(container: id))
        return .later(
            Follow(subject: id) { world, _ in world.containers[id] == nil ? .reply(.empty(204)) : .pending })
    }

    /// The container, its layer and its execs are no more.
    mutating func vanish(_ id: String) {
        guard let container = containers[id] else { return }
        emit(container: id, "destroy")
        containers[id] = nil
        gone[id] = container.exitCode
        for exec in execOrder where execs[exec]?.container == id {
            execs[exec] = nil
            touch(exec)
        }
        execOrder.removeAll { execs[$0] == nil }
        touch(id)
    }

    mutating func waitContainer(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        let condition = request.query["condition"] ?? "not-running"
        let isKnown = ["", "not-running", "next-exit", "removed"].contains(condition)
        guard isKnown || isOld else { throw EngineRefusal(400, "invalid condition: \"\(condition)\"") }
        let id = container.id
        let ends = container.ends
        return .stream(
            200, [("Content-Type", "application/json")],
            Follow(subject: id) { world, _ in
                let now = world.containers[id]
                let isOver =
                    switch condition {
                    case "next-exit": now?.ends != ends
                    case "removed": now == nil
                    default: !(now?.isRunning ?? false)
                    }
                guard isOver else { return .pending }
                let body: JSON = ["StatusCode": .int(now?.exitCode ?? world.gone[id] ?? 0), "Error": .null]
                return .end(Array((body.description + "\n").utf8))
            })
    }

    mutating func readLogs(_ request: EngineRequest) throws -> EngineReply {
        let container = try container(request.target)
        let (out, errors) = (request.flag("stdout"), request.flag("stderr"))
        guard out || errors else {
            throw EngineRefusal(400, "Bad parameters: you must choose at least one stream")
        }
        let id = container.id
        let isTTY = container.config["Tty"]?.bool ?? false
        let since = try request.query["since"].map(Self.nanoseconds) ?? 0
        let shows = { @Sendable (line: EngineContainer.LogLine, world: DockerWorld) in
            (line.isError ? errors : out) && world.unixSeconds(line.time) * 1_000_000_000 >= since
        }
        let lines = container.log.indices.filter { shows(container.log[$0], self) }
        let tail = request.query["tail"].flatMap { Int($0) } ?? lines.count
        let first = lines.suffix(max(0, tail)).first ?? container.log.count
        let (follows, stamps) = (request.flag("follow"), request.flag("timestamps"))
        return .stream(
            200, [("Content-Type", streamType(isTTY: isTTY))],
            Follow(subject: id, cursor: first) { world, cursor in
                guard let now = world.containers[id] else { return .end([]) }
                var bytes: [UInt8] = []
                for line in now.log.dropFirst(cursor) where shows(line, world) {
                    let text = (stamps ? world.text(line.time) + " " : "") + line.text + "\n"
                    bytes += isTTY ? Array(text.utf8) : frame(line.isError ? 2 : 1, text)
                }
                cursor = now.log.count
                if !follows || !now.isRunning { return .end(bytes) }
                return bytes.isEmpty ? .pending : .bytes(bytes)
            })
    }

    /// From 1.42 a framed stream says that it is one.
    func streamType(isTTY: Bool) -> String {
        isOld || isTTY ? "application/vnd.docker.raw-stream" : "application/vnd.docker.multiplexed-stream"
    }
}

/// Eight bytes of header, then the text.
func frame(_ stream: UInt8, _ text: String) -> [UInt8] {
    let payload = Array(text.utf8)
    guard !payload.isEmpty else { return [] }
    let size = UInt32(payload.count)
    return [stream, 0, 0, 0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + payload
}
