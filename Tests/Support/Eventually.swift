/// A condition did not come true in time.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String
}

/// Waits for something outside of the test's hands (a process, another session) by looking every 10 ms.
public func eventually(
    _ what: String, within limit: Duration = .seconds(10), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now >= end { throw NeverHappened(description: "did not happen within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(10))
    }
}
