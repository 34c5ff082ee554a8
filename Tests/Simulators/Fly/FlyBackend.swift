import Foundation
import Synchronization

/// Answers requests from the world. Holds the lock for moments only; whatever takes time happens outside.
final class FlyBackend: Sendable {
    let clock: SimulatorClock
    let options: FlySimulator.Options
    private let world: Mutex<FlyWorld>

    init(_ options: FlySimulator.Options) {
        self.options = options
        clock = SimulatorClock(options.clock)
        world = Mutex(FlyWorld(options, clock))
    }

    /// The world at this moment.
    func locked<Result: Sendable>(_ body: (inout FlyWorld) throws -> Result) rethrows -> Result {
        try world.withLock { world in
            world.settle(to: clock.now)
            return try body(&world)
        }
    }

    func advance(by duration: Duration) {
        clock.advance(by: duration)
        locked { $0.wakeAll() }
    }

    func respond(_ exchange: Exchange) async -> Answer {
        let incoming = Incoming(exchange)
        let (call, hook) = locked { ($0.open(incoming), $0.hook) }
        var loses = false
        switch await hook?(call, .before) ?? .proceed {
        case .proceed: break
        case .dropReply: loses = true
        case .refuseAndClose: return hangUp(call, as: "refused by the hook")
        }
        let verdict = locked { $0.fate(of: call, incoming) }
        if verdict.pause > .zero { try? await Task.sleep(for: verdict.pause) }
        let reply: Reply
        switch verdict.fate {
        case .refuse: return hangUp(call, as: verdict.fault)
        case .answer(let given): reply = given
        case .process: reply = await process(incoming, call, verdict.view)
        }
        loses = loses || verdict.loses
        let done = locked { $0.finish(call, reply, fault: verdict.fault, lost: loses) }
        switch await hook?(done, .after) ?? .proceed {
        case .proceed: break
        case .dropReply, .refuseAndClose:
            loses = true
            _ = locked { $0.finish(call, reply, fault: verdict.fault ?? "dropped by the hook", lost: true) }
        }
        if loses { return .hangUp }
        let headers = [("fly-request-id", call.requestID)] + reply.headers
        return .reply(status: reply.status, headers: headers, body: reply.body)
    }

    private func hangUp(_ call: FlySimulator.Call, as fault: String?) -> Answer {
        locked { $0.close(call, fault: fault) }
        return .hangUp
    }

    private func process(_ incoming: Incoming, _ call: FlySimulator.Call, _ view: ListView) async -> Reply {
        let result = locked { $0.process(incoming, call, view) }
        switch result {
        case .done(let reply): return reply
        case .wait(let terms): return await wait(terms)
        }
    }

    private func wait(_ terms: WaitTerms) async -> Reply {
        while true {
            switch locked({ $0.look(terms) }) {
            case .done(let status, let body): return Reply(status: status, body: body)
            case .sleep(let until, let revision, let jumps):
                if Task.isCancelled { return Reply(status: 503, body: "") }
                await pause(terms.machine, until: until, revision: revision, jumps: jumps)
            }
        }
    }

    /// Until the machine changes, the clock jumps or the time comes.
    private func pause(_ machine: String, until: Duration, revision: Int, jumps: Int) async {
        let number = locked { world in
            world.waiterCount += 1
            return world.waiterCount
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                world.withLock { world in
                    let moved = world.machines[machine]?.revision != revision || world.jumps != jumps
                    guard !moved, !Task.isCancelled else { return continuation.resume() }
                    let left = until - clock.now
                    let timer =
                        clock.mode == .manual
                        ? nil
                        : Task { [weak self] in
                            try? await Task.sleep(for: left)
                            self?.locked { $0.wake(machine, number: number) }
                        }
                    world.waiters[machine, default: [:]][number] = Waiter(continuation: continuation, timer: timer)
                }
            }
        } onCancel: {
            locked { $0.wake(machine, number: number) }
        }
    }
}
