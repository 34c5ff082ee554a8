import Synchronization

/// Many fire it, one hears it; any number of firings before it is heard are one.
struct Signal: Sendable {
    let events: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
    }

    func fire() { continuation.yield() }
}

/// Fires the signal at a time. Only the earliest time is kept: firing too early is harmless, and re-arming a timer for
/// every job is not.
final class Alarm: Sendable {
    private let signal: Signal
    private let armed = Mutex<(at: ContinuousClock.Instant, task: Task<Void, Never>)?>(nil)

    init(_ signal: Signal) { self.signal = signal }

    func set(_ at: ContinuousClock.Instant) {
        armed.withLock { armed in
            if let present = armed, present.at <= at { return }
            armed?.task.cancel()
            let task = Task { [self] in
                try? await Task.sleep(until: at, tolerance: .zero, clock: .continuous)
                if !Task.isCancelled { ring(at) }
            }
            armed = (at, task)
        }
    }

    private func ring(_ at: ContinuousClock.Instant) {
        armed.withLock { armed in
            if armed?.at == at { armed = nil }
        }
        signal.fire()
    }

    func stop() { armed.withLock { $0?.task.cancel() } }
}
