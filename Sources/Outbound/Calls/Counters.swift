import FoundationEssentials

/// What happened since the start, and what is held now. For metrics and `converged` verbs.
public struct OutboundCounters: Sendable, Equatable {
    /// Calls of `send` and `stream`.
    public internal(set) var calls = 0
    /// Requests put on the wire, repeats included.
    public internal(set) var attempts = 0
    public internal(set) var repeats = 0
    /// Refused by an open breaker.
    public internal(set) var refused = 0
    /// Responses with status 429.
    public internal(set) var throttled = 0
    public internal(set) var timeouts = 0
    public internal(set) var outcomesUnknown = 0
    /// Connections that libcurl opened.
    public internal(set) var connections = 0
    /// Times that a silent resend of a mutation by libcurl was prevented.
    public internal(set) var resendsPrevented = 0
    public internal(set) var bytesSent = 0
    public internal(set) var bytesReceived = 0
    public internal(set) var inFlight = 0
    public internal(set) var waiting = 0
    public internal(set) var buckets = 0
    /// Open breakers and until when.
    public internal(set) var openBreakers: [String: Date] = [:]
}
