import HummingbirdCore
import NIOCore
import Synchronization

/// A request's body, which can be gone through once: by whoever reads it, and what is left by the end of the call.
///
/// `@unchecked Sendable`: the iterator is used between `enter` and `leave` only, which let one in at a time.
final class IncomingBody: @unchecked Sendable {
    /// A client that still sends after it was answered, or a reader that comes too late.
    struct Over: Error {}

    private struct State {
        var isBusy = false
        var isClosed = false
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let patience: Patience
    private var parts: RequestBody.AsyncIterator

    init(_ body: RequestBody, _ patience: Patience) {
        parts = body.makeAsyncIterator()
        self.patience = patience
    }

    /// Nil at the end. Time that the client takes is measured.
    func next() async throws -> [UInt8]? {
        try enter(isLast: false)
        return try await step()
    }

    /// What was not read before the answer: enough to let the client see the answer, no more.
    func drain(_ maxBytes: Int) async throws {
        if state.withLock({ $0.hasEnded }) { return }
        try enter(isLast: true)
        var count = 0
        while let part = try await step() {
            count += part.count
            guard count <= maxBytes else { throw Over() }
            try enter(isLast: true)
        }
    }

    private func step() async throws -> [UInt8]? {
        do {
            let part = try await patience.wait { try await parts.next() }
            leave(hasEnded: part == nil)
            return part.map { Array($0.readableBytesView) }
        } catch {
            leave(hasEnded: true)
            throw error
        }
    }

    private func enter(isLast: Bool) throws {
        try state.withLock { state in
            guard !state.isBusy, isLast || !state.isClosed else { throw Over() }
            if isLast { state.isClosed = true }
            state.isBusy = true
        }
    }

    private func leave(hasEnded: Bool) {
        state.withLock { state in
            state.isBusy = false
            if hasEnded { state.hasEnded = true }
        }
    }
}
