import Foundation
import HeapModule
import Synchronization

/// Answers requests from the world. Holds the lock for moments only; whatever takes time happens outside.
final class DockerBackend: Sendable {
    let clock: SimulatorClock
    let options: DockerSimulator.Options
    private let world: Mutex<DockerWorld>

    init(_ options: DockerSimulator.Options) {
        self.options = options
        clock = SimulatorClock(options.clock)
        world = Mutex(DockerWorld(options, clock))
    }

    /// The world at this moment.
    func locked<Result: Sendable>(_ body: (inout DockerWorld) throws -> Result) rethrows -> Result {
        try world.withLock { world in
            world.settle(to: clock.now)
            defer { arm(&world) }
            return try body(&world)
        }
    }

    /// Where time runs by itself, what is due must happen though nobody calls.
    private func arm(_ world: inout DockerWorld) {
        guard clock.mode == .real, let due = world.agenda.min?.time, world.tick.map({ due < $0 }) ?? true else {
            return
        }
        world.tick = due
        let wait = due - clock.now
        Task { [weak self] in
            try? await Task.sleep(for: wait)
            self?.locked { $0.tick = nil }
        }
    }

    func respond(_ exchange: Exchange) async -> Answer {
        let request = EngineRequest(exchange)
        let (call, hook, boot) = locked { ($0.open(request), $0.hook, $0.boot) }
        var loses = false
        switch await hook?(call, .before) ?? .proceed {
        case .proceed: break
        case .dropReply: loses = true
        case .refuseAndClose: return hangUp(call, as: "refused by the hook")
        }
        let verdict = locked { $0.fate(of: call) }
        if verdict.pause > .zero { try? await Task.sleep(for: verdict.pause) }
        let reply: EngineReply
        switch verdict.fate {
        case .refuse: return hangUp(call, as: verdict.fault)
        case .answer(let given): reply = given
        case .process:
            let first = locked { $0.process(request, call) }
            guard let last = await settle(first, boot) else { return hangUp(call, as: "the daemon went away") }
            reply = last
        }
        let status = Self.status(reply)
        let done = locked { world in
            world.note(call) {
                $0.status = status
                $0.fault = verdict.fault
                if case .json(400..., let body) = reply { $0.error = body["message"]?.string }
            }
            return world.ledger.first { $0.sequence == call.sequence } ?? call
        }
        if let down = verdict.down { locked { $0.goDown(for: down, keepsContainers: true) } }
        let after = await hook?(done, .after) ?? .proceed
        if after != .proceed { loses = true }
        if loses || verdict.loses { return hangUp(call, as: verdict.fault ?? "dropped by the hook") }
        return answer(reply, call, verdict.cut, boot, isHead: request.method == "HEAD")
    }

    private func hangUp(_ call: DockerSimulator.Call, as fault: String?) -> Answer {
        locked {
            $0.note(call) {
                $0.lost = true
                $0.fault = fault
            }
        }
        return .hangUp
    }

    /// Waits until a reply that comes later is there; `nil` when the daemon went away before.
    private func settle(_ reply: EngineReply, _ boot: Int) async -> EngineReply? {
        guard case .later(let follow) = reply else { return reply }
        var cursor = follow.cursor
        while !Task.isCancelled {
            let (look, seen) = locked { ($0.look(follow, &cursor, boot), $0.revisions[follow.subject, default: 0]) }
            switch look {
            case nil: return nil
            case .reply(let reply)?: return await settle(reply, boot)
            case .pending?: await pause(follow.subject, seen)
            case .bytes(let bytes)?, .end(let bytes)?: return .bytes(200, [], bytes)
            }
        }
        return nil
    }

    private func answer(
        _ reply: EngineReply, _ call: DockerSimulator.Call, _ cut: Int?, _ boot: Int, isHead: Bool
    ) -> Answer {
        let common: [(name: String, value: String)] = [
            ("Api-Version", options.version), ("Docker-Experimental", "false"), ("Ostype", "linux"),
            ("Server", "Docker/\(options.release) (linux)"),
        ]
        switch reply {
        case .empty(let status): return .bytes(status: status, headers: common, body: [])
        case .json(let status, let body):
            let headers = common + [("Content-Type", "application/json")]
            return whole(status, headers, Array((body.description + "\n").utf8), call, cut)
        case .bytes(let status, let headers, let body):
            return whole(status, common + headers, isHead ? [] : body, call, cut)
        case .stream(let status, let headers, let follow):
            return .stream(status: status, headers: common + headers) { write in
                try await self.pour(follow, call, cut, boot, write)
            }
        case .later: return .hangUp
        }
    }

    private func whole(
        _ status: Int, _ headers: [(name: String, value: String)], _ body: [UInt8], _ call: DockerSimulator.Call,
        _ cut: Int?
    ) -> Answer {
        guard let cut, cut < body.count else { return .bytes(status: status, headers: headers, body: body) }
        locked { $0.note(call) { $0.lost = true } }
        return .stream(status: status, headers: headers + [("Content-Length", String(body.count))]) { write in
            if cut > 0 { try await write(Array(body.prefix(cut))) }
            return false
        }
    }

    /// Writes a stream until its end; false when it is cut.
    private func pour(
        _ follow: Follow, _ call: DockerSimulator.Call, _ cut: Int?, _ boot: Int,
        _ write: ([UInt8]) async throws -> Void
    ) async throws -> Bool {
        var cursor = follow.cursor
        var left = cut ?? .max
        var isClean = false
        loop: while !Task.isCancelled {
            let (look, seen) = locked { ($0.look(follow, &cursor, boot), $0.revisions[follow.subject, default: 0]) }
            switch look {
            case nil, .reply?: break loop
            case .pending?: await pause(follow.subject, seen)
            case .bytes(let bytes)?, .end(let bytes)?:
                if !bytes.isEmpty { try await write(Array(bytes.prefix(left))) }
                left -= min(left, bytes.count)
                if left == 0, cut != nil { break loop }
                if case .end? = look {
                    isClean = true
                    break loop
                }
            }
        }
        locked {
            $0.note(call) {
                $0.hasEnded = true
                $0.lost = !isClean
            }
        }
        return isClean
    }

    /// Until the subject changes.
    private func pause(_ subject: String, _ seen: Int) async {
        let number = locked { world in
            world.waiterCount += 1
            return world.waiterCount
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                world.withLock { world in
                    guard world.revisions[subject, default: 0] == seen, !Task.isCancelled else {
                        return continuation.resume()
                    }
                    world.waiters[subject, default: [:]][number] = continuation
                }
            }
        } onCancel: {
            locked { $0.wake(subject, number) }
        }
    }

    private static func status(_ reply: EngineReply) -> Int {
        switch reply {
        case .json(let status, _), .empty(let status), .bytes(let status, _, _), .stream(let status, _, _): status
        case .later: 0
        }
    }
}
