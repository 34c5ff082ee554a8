/// Whether `send` tries again, and after how long. Pure: chance and time are passed in.
struct RepeatRule: Sendable {
    static let maxAttempts = 4
    static let base = Duration.milliseconds(250)
    static let cap = Duration.seconds(8)

    /// What an attempt ended in.
    enum Ending {
        case response(status: Int, retryAfter: Duration?)
        case failure(Failure)
    }

    let retry: RetryClass

    /// `nil`: hand the ending back. `chance` in 0..<1; `attempt` counts from 1; `remaining` until the total deadline.
    func wait(after ending: Ending, attempt: Int, remaining: Duration?, chance: Double) -> Duration? {
        guard attempt < Self.maxAttempts, isRepeatable(ending) else { return nil }
        // Full jitter: any time up to the exponential bound, so that many callers do not come back together.
        let jitter = min(Self.cap, Self.base * (1 << (attempt - 1))) * chance
        var wait = jitter
        if case .response(_, let after?) = ending { wait = after + jitter }
        // Repeating after the deadline would only turn an answer into a timeout.
        if let remaining, wait >= remaining { return nil }
        return wait
    }

    private func isRepeatable(_ ending: Ending) -> Bool {
        switch (retry, ending) {
        case (.never, _): false
        case (.read, .response(let status, _)): [429, 502, 503, 504].contains(status)
        case (.mutation, .response(let status, _)): status == 429
        case (.read, .failure(let failure)): failure.isPassing
        case (.mutation, .failure(let failure)): failure.isPassing && !failure.wasSent
        }
    }
}
