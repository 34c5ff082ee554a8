/// What becomes of a call before it is processed.
struct EngineVerdict: Sendable {
    enum Fate: Sendable {
        case process, refuse
        case answer(EngineReply)
    }
    var fate = Fate.process
    var pause = Duration.zero
    var loses = false
    var cut: Int?
    var down: Duration?
    var fault: String?
}

extension DockerWorld {
    /// Enters a call into the ledger.
    mutating func open(_ request: EngineRequest) -> DockerSimulator.Call {
        var object = request.object
        if request.path.contains("/containers/"), let id = find(request.target) { object = containers[id]?.name }
        if request.path.contains("/exec/"), let exec = execs[request.target] {
            object = containers[exec.container]?.name
        }
        let call = DockerSimulator.Call(
            sequence: cleared + ledger.count + 1, time: now, method: request.method, path: request.path,
            query: request.query, action: request.action, target: request.object, object: object,
            mutating: !request.isReading, body: request.body.isNull ? nil : request.body)
        ledger.append(call)
        return call
    }

    mutating func note(_ call: DockerSimulator.Call, _ change: (inout DockerSimulator.Call) -> Void) {
        let place = call.sequence - 1 - cleared
        if ledger.indices.contains(place) { change(&ledger[place]) }
    }

    /// Version, strictness, then the route itself.
    mutating func process(_ request: EngineRequest, _ call: DockerSimulator.Call) -> EngineReply {
        current = call.sequence
        do {
            try check(version: request)
            guard let route = request.route else {
                breach(.unknownRoute, "\(request.method) \(request.path)")
                throw EngineRefusal.noPage
            }
            try inspect(request, route)
            return try route.handler(&self, request)
        } catch let refusal as EngineRefusal {
            return reply(to: refusal)
        } catch {
            return .json(500, ["message": .string("\(error)")])
        }
    }

    func reply(to refusal: EngineRefusal) -> EngineReply {
        if refusal.isPlain {
            return .bytes(
                refusal.status, [("Content-Type", "text/plain; charset=utf-8")], Array((refusal.message + "\n").utf8))
        }
        return .json(refusal.status, ["message": .string(refusal.message)])
    }

    private func check(version request: EngineRequest) throws {
        guard let asked = request.version else { return }
        let name = "\(asked.major).\(asked.minor)"
        if asked > version {
            throw EngineRefusal(
                400,
                "client version \(name) is too new. Maximum supported API version is \(options.version)")
        }
        guard let oldest = EngineVersion(options.oldestVersion), asked < oldest else { return }
        var refusal = EngineRefusal(
            400,
            "client version \(name) is too old. Minimum supported API version is \(options.oldestVersion), "
                + "please upgrade your client to a newer version")
        refusal.isPlain = isOld
        throw refusal
    }

    /// Records what the contract doesn't know, and refuses what no daemon could read.
    private mutating func inspect(_ request: EngineRequest, _ route: EngineRoute) throws {
        for name in request.query.keys.sorted() {
            let isNew = name == "signal" && route.action != "kill-container" && isOld
            if isNew || !route.query.contains(name) { breach(.unknownQuery, "\(route.action) with ?\(name)") }
        }
        guard let shape = route.body, !request.bytes.isEmpty else { return }
        let type = request.contentType?.split(separator: ";").first.map(String.init) ?? ""
        guard type == "application/json" else {
            breach(.noContentType, "\(route.action) with \(type)")
            throw EngineRefusal(400, "Content-Type specified (\(type)) must be 'application/json'")
        }
        if let problem = request.bodyProblem {
            breach(.brokenJSON, "\(route.action): \(problem)")
            throw EngineRefusal(isOld ? 500 : 400, "unexpected EOF")
        }
        for field in shape.unknown(in: request.body) { breach(.unknownField, "\(route.action) with \(field)") }
    }

    /// Which faults hit the call. The first that decides its answer wins; delays add up.
    mutating func fate(of call: DockerSimulator.Call) -> EngineVerdict {
        var verdict = EngineVerdict()
        guard !isDown else {
            verdict.fate = .refuse
            verdict.fault = "the daemon is down"
            return verdict
        }
        for index in faults.indices where faults[index].hits(call) {
            verdict.fault = "\(faults[index].fault.effect)"
            switch faults[index].fault.effect {
            case .delay(let time):
                verdict.pause += time
                continue
            case .status(let code, let words): verdict.fate = .answer(.json(code, ["message": .string(words)]))
            case .refused: verdict.fate = .refuse
            case .lostReply: verdict.loses = true
            case .cut(let count): verdict.cut = count
            case .daemonRestart(let time):
                verdict.loses = true
                verdict.down = time
            }
            break
        }
        faults.removeAll { $0.isSpent }
        return verdict
    }
}
