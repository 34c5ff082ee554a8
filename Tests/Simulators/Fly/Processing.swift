/// A complete answer.
struct Reply: Sendable {
    var status: Int
    var headers: [(name: String, value: String)] = []
    var body: String
}

/// What becomes of a call before it is processed.
struct Verdict: Sendable {
    enum Fate: Sendable {
        case process, refuse
        case answer(Reply)
    }
    var fate = Fate.process
    var pause: Duration
    var loses = false
    var view = ListView.current
    var fault: String?
}

enum Processed: Sendable {
    case done(Reply)
    case wait(WaitTerms)
}

extension FlyWorld {
    /// Enters a call into the ledger.
    mutating func open(_ incoming: Incoming) -> FlySimulator.Call {
        let call = FlySimulator.Call(
            sequence: cleared + ledger.count + 1, time: now, method: incoming.method, path: incoming.path,
            query: incoming.request.query, action: incoming.request.action, app: incoming.app,
            target: incoming.target, mutating: incoming.isMutating,
            body: options.keepsBodies && incoming.bodyBytes > 0 ? incoming.request.body : nil,
            hasNonce: incoming.request.nonce != nil, requestID: ulid() + "-sim")
        ledger.append(call)
        return call
    }

    mutating func close(_ call: FlySimulator.Call, fault: String?) {
        var closed = call
        closed.lost = true
        closed.fault = fault
        enter(closed)
    }

    mutating func finish(
        _ call: FlySimulator.Call, _ reply: Reply, fault: String?, lost: Bool
    ) -> FlySimulator.Call {
        var done = call
        done.status = reply.status
        done.fault = fault
        done.lost = lost
        if reply.status >= 400 { done.error = (try? JSON(parsing: reply.body))?["error"]?.string ?? reply.body }
        if reply.status == 429 { throttled += 1 }
        enter(done)
        return done
    }

    /// A call that was under way when the ledger was cleared has no place any more.
    private mutating func enter(_ call: FlySimulator.Call) {
        let place = call.sequence - 1 - cleared
        if ledger.indices.contains(place) { ledger[place] = call }
    }

    /// Authentication, limits, strictness, then the route itself.
    mutating func process(_ incoming: Incoming, _ call: FlySimulator.Call, _ view: ListView) -> Processed {
        current = call.sequence
        do {
            guard incoming.token == options.token else { throw Refusal.badToken }
            guard let route = incoming.route else {
                violate(.unknownRoute, "\(incoming.method) \(incoming.path)")
                throw Refusal.noRoute
            }
            var request = incoming.request
            if let wait = overrun(request) {
                let seconds = String(Int(wait.seconds.rounded(.up)))
                let headers = options.limits?.sendsRetryAfter ?? false ? [("Retry-After", seconds)] : []
                return .done(Reply(status: 429, headers: headers, body: Refusal.rateLimited.body))
            }
            try inspect(incoming, route)
            request.view = view
            switch try route.handler(&self, request) {
            case .json(let status, let body): return .done(Reply(status: status, body: body))
            case .nothing(let status): return .done(Reply(status: status, body: ""))
            case .wait(let terms): return .wait(terms)
            }
        } catch let refusal as Refusal {
            return .done(Reply(status: refusal.status, body: refusal.body))
        } catch {
            return .done(Reply(status: 500, body: "{\"error\":\(JSON.quoted("\(error)"))}"))
        }
    }

    /// Records what the contract doesn't know, and refuses what no server could read.
    private mutating func inspect(_ incoming: Incoming, _ route: FlyRoute) throws {
        for name in incoming.request.query.keys.sorted() where !route.query.contains(name) {
            let isFilter = route.action == "list-machines" && name.hasPrefix("metadata.")
            if !isFilter { violate(.unknownQuery, "\(route.action) with ?\(name)") }
        }
        if incoming.bodyProblem != nil { throw Refusal.badBody }
        guard let shape = route.body, incoming.bodyBytes > 0 else { return }
        guard incoming.request.body.fields != nil else { throw Refusal.badBody }
        for field in shape.unknown(in: incoming.request.body) {
            violate(.unknownField, "\(route.action) with \(field)")
        }
    }

    /// Which faults hit the call. The first that decides its answer wins; delays add up.
    mutating func fate(of call: FlySimulator.Call, _ incoming: Incoming) -> Verdict {
        var verdict = Verdict(pause: options.callDelay)
        switch outage {
        case .hangUp?:
            verdict.fate = .refuse
            verdict.fault = "outage"
            return verdict
        case .status(let code)?:
            verdict.fate = .answer(Reply(status: code, body: "{\"error\":\"service unavailable\"}"))
            verdict.fault = "outage"
            return verdict
        case nil: break
        }
        for index in faults.indices where faults[index].hits(call) {
            verdict.fault = "\(faults[index].fault.effect)"
            if decide(faults[index].fault.effect, &verdict, incoming.request) { break }
        }
        faults.removeAll { $0.isSpent }
        return verdict
    }

    /// True when nothing further can happen to the call.
    private func decide(_ effect: FlySimulator.Effect, _ verdict: inout Verdict, _ request: FlyRequest) -> Bool {
        func refuse(_ refusal: Refusal, headers: [(String, String)] = []) -> Bool {
            verdict.fate = .answer(Reply(status: refusal.status, headers: headers, body: refusal.body))
            return true
        }
        switch effect {
        case .status(let code, let body): verdict.fate = .answer(Reply(status: code, body: body))
        case .capacityRegion: return refuse(.regionFull)
        case .capacityVolumeHost:
            return refuse(.volumeHostFull(request.body["config"]?["mounts"]?[0]?["volume"]?.string ?? ""))
        case .capacityHost: return refuse(.hostFull)
        case .quota: return refuse(.quota(options.org, request.body["region"]?.string ?? "iad"))
        case .rateLimited(let wait):
            let seconds = wait.map { String(Int($0.seconds.rounded(.up))) }
            return refuse(.rateLimited, headers: seconds.map { [("Retry-After", $0)] } ?? [])
        case .refused: verdict.fate = .refuse
        case .html502:
            let page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
            verdict.fate = .answer(Reply(status: 502, headers: [("Content-Type", "text/html")], body: page))
        case .empty500: verdict.fate = .answer(Reply(status: 500, body: ""))
        case .notReady: return refuse(.noApp)
        case .unauthorized: return refuse(.badToken)
        case .lostReply: verdict.loses = true
        case .delay(let time):
            verdict.pause += time
            return false
        case .emptyList: verdict.view = .empty
        case .emptyPage: verdict.view = .emptyPage
        case .staleList(let lag): verdict.view = .behind(lag)
        }
        return true
    }
}
