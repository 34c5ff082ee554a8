import Synchronization

/// Measures how long a client keeps us waiting, for its bytes or to take ours. Waiting for Docker doesn't count.
final class Patience: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    func wait<Result>(_ body: () async throws -> Result) async rethrows -> Result {
        since.withLock { $0 = .now }
        defer { since.withLock { $0 = nil } }
        return try await body()
    }

    /// Returns when it is over, or when cancelled.
    func run(_ limit: Duration) async {
        repeat {
            if let since = since.withLock({ $0 }), since.advanced(by: limit) < .now { return }
        } while (try? await Task.sleep(for: limit / 4)) != nil
    }
}
