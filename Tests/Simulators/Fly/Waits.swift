/// What a wait call waits for.
struct WaitTerms: Sendable {
    var machine: String
    var states: [String]
    var version: String?
    var afterEvent: String?
    /// On the simulator's clock.
    var deadline: Duration
}

/// A wait call that sleeps until its machine changes or its next look is due.
struct Waiter {
    var continuation: CheckedContinuation<Void, Never>
    var timer: Task<Void, Never>?
}

/// One look of a wait call.
enum WaitLook: Sendable {
    case done(status: Int, body: String)
    /// Look again at this time, or when the machine changed from this revision.
    case sleep(until: Duration, revision: Int, jumps: Int)
}

extension FlyWorld {
    mutating func waitMachine(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machine(request)
        let states = (request.query["state"] ?? "started").split(separator: ",").map(String.init)
        let allowed = ["started", "stopped", "suspended", "destroyed", "failed", "settled"]
        for state in states where !allowed.contains(state) {
            throw Refusal.invalid("unknown state '\(state)' to wait for")
        }
        guard let timeout = Int(request.query["timeout"] ?? "60"), (1...60).contains(timeout) else {
            throw Refusal.invalid("timeout must be from 1 to 60 seconds")
        }
        let version = request.query["version"] ?? request.query["instance_id"]
        if states == ["stopped"], version == nil {
            throw Refusal.invalid("version is required to wait for stopped")
        }
        return .wait(
            WaitTerms(
                machine: machine.id, states: states, version: version,
                afterEvent: request.query["from_event_id"], deadline: now + .seconds(timeout)))
    }

    func look(_ terms: WaitTerms) -> WaitLook {
        guard let machine = machines[terms.machine] else {
            return .done(status: 404, body: Refusal.noMachine.body)
        }
        let state = machine.state.rawValue
        let isThere = terms.states.contains {
            $0 == state || $0 == "settled" && !machine.state.isPassing && machine.steps.isEmpty
        }
        let isVersion = terms.version.map { $0 == machine.instanceID } ?? true
        let event = machine.events.first?.id ?? ""
        if isThere, isVersion, terms.afterEvent.map({ event > $0 }) ?? true {
            let body =
                "{\"ok\":true,\"state\":\"\(state)\",\"version\":\"\(machine.instanceID)\",\"event_id\":\"\(event)\"}"
            return .done(status: 200, body: body)
        }
        if now >= terms.deadline {
            let refusal = Refusal.deadline(terms.states.joined(separator: ","), state)
            return .done(status: 408, body: refusal.body)
        }
        let next = min(terms.deadline, machine.steps.first?.due ?? terms.deadline)
        return .sleep(until: next, revision: machine.revision, jumps: jumps)
    }

    mutating func wake(_ machine: String) {
        for waiter in (waiters.removeValue(forKey: machine) ?? [:]).values {
            waiter.timer?.cancel()
            waiter.continuation.resume()
        }
    }

    mutating func wakeAll() {
        jumps += 1
        for machine in Array(waiters.keys) { wake(machine) }
    }

    mutating func wake(_ machine: String, number: Int) {
        guard let waiter = waiters[machine]?.removeValue(forKey: number) else { return }
        if waiters[machine]?.isEmpty ?? false { waiters[machine] = nil }
        waiter.timer?.cancel()
        waiter.continuation.resume()
    }
}
