/// When `send` itself may repeat a request.
public enum RetryClass: Sendable {
    /// Exactly one attempt.
    case never
    /// Reading: repeated on connect errors, lost connections, timeouts, 429, 502, 503 and 504.
    case read
    /// Changing something: repeated only when surely not sent, or on 429. An unknown outcome is thrown, never repeated.
    case mutation
}

/// Limits in time. All but `budget` are thrown as `timedOut` or, for a mutation that may have gone out, `outcomeUnknown`.
public struct Deadlines: Sendable {
    /// Resolving, connecting and the TLS handshake together.
    public var connect: Duration
    /// From the first grant of the budgets to the last byte, repeats included; `nil` for streams without an end.
    public var total: Duration?
    /// Without any byte in either direction once connected. Time in which our own reader or writer pauses is not counted.
    public var idle: Duration
    /// Waiting for the budgets before the first attempt.
    public var budget: Duration

    public init(
        connect: Duration = .seconds(5), total: Duration? = .seconds(30), idle: Duration = .seconds(15),
        budget: Duration = .seconds(120)
    ) {
        self.connect = connect
        self.total = total
        self.idle = idle
        self.budget = budget
    }
}

/// Paths of PEM files. Without `ca` the system's authorities are trusted; verification cannot be turned off.
public struct TLSIdentity: Sendable, Hashable {
    public var ca: String?
    public var cert: String?
    public var key: String?

    public init(ca: String? = nil, cert: String? = nil, key: String? = nil) {
        self.ca = ca
        self.cert = cert
        self.key = key
    }
}

/// One call to a vendor. Made by the `Vendors` room; header values never reach a log or an error.
public struct Request: Sendable {
    public var method: String
    /// `http` or `https`, already percent-encoded, sent as it is (`..` is not folded).
    public var url: String
    /// A unix socket to connect to instead of the URL's host (Docker).
    public var unixSocket: String?
    public var headers: [(String, String)]
    public var body: [UInt8]?
    /// Instead of `body`. A streamed body can be read once, so such a request is never repeated.
    public var bodyStream: BodyStream?
    public var tls: TLSIdentity?
    public var deadlines: Deadlines
    /// Larger bodies are `tooLarge`. Not applied to `stream`, whose reader holds the body back instead.
    public var maxResponseBytes: Int
    /// All must grant. The most specific one (most `/`) is paused by a 429 with `Retry-After`.
    public var budgets: [BudgetName]
    /// For example `"fly"` or `"droplet/fleet-alpha"`.
    public var breaker: String?
    /// A 5xx counts as the peer's failure. Not so for one that says 500 when it only could not do what was asked
    /// (Docker: a port in use), which would close the door to every other call.
    public var breaksOnServerErrors: Bool
    public var retry: RetryClass

    public init(
        method: String, url: String, unixSocket: String? = nil, headers: [(String, String)] = [],
        body: [UInt8]? = nil, bodyStream: BodyStream? = nil, tls: TLSIdentity? = nil,
        deadlines: Deadlines = Deadlines(), maxResponseBytes: Int = 8 << 20, budgets: [BudgetName] = [],
        breaker: String? = nil, breaksOnServerErrors: Bool = true, retry: RetryClass = .never
    ) {
        self.method = method
        self.url = url
        self.unixSocket = unixSocket
        self.headers = headers
        self.body = body
        self.bodyStream = bodyStream
        self.tls = tls
        self.deadlines = deadlines
        self.maxResponseBytes = maxResponseBytes
        self.budgets = budgets
        self.breaker = breaker
        self.breaksOnServerErrors = breaksOnServerErrors
        self.retry = retry
    }
}
