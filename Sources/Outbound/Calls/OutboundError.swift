import FoundationEssentials

/// Why there is no response. Says what happened to which call; holds no header values, no query and no body.
public enum OutboundError: Error, Sendable, Equatable {
    /// Surely not processed: safe to repeat.
    case notSent(String)
    /// May have been processed: look it up before repeating (design law 6).
    case outcomeUnknown(String)
    /// The breaker is open; nothing was sent.
    case refused(by: String, until: Date)
    /// Body or headers are larger than allowed. The request was processed.
    case tooLarge(String)
    /// The calling task was cancelled, or `close` ended the call.
    case cancelled
    /// A deadline passed: `beforeSent` means surely not processed. With `beforeSent: false` it was a read.
    case timedOut(beforeSent: Bool, String)

    /// Nothing can have reached the peer.
    public var isSurelyNotSent: Bool {
        switch self {
        case .notSent, .refused: true
        case .timedOut(let beforeSent, _): beforeSent
        case .outcomeUnknown, .tooLarge, .cancelled: false
        }
    }
}

extension OutboundError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notSent(let text): "not sent: \(text)"
        case .outcomeUnknown(let text): "outcome unknown: \(text)"
        case .refused(let breaker, let until):
            "not sent: breaker \(breaker) is open until \(until.formatted(.iso8601)) after repeated failures"
        case .tooLarge(let text): "response too large: \(text)"
        case .cancelled: "cancelled"
        case .timedOut(let beforeSent, let text): "timed out \(beforeSent ? "before" : "after") sending: \(text)"
        }
    }
}
