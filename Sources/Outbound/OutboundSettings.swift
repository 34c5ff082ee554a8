/// What one `Outbound` may use. Everything is bounded: what does not fit is refused, never queued without end.
public struct OutboundSettings: Sendable {
    public var userAgent = "converged"
    /// Connections to one host and port; further requests wait inside libcurl without using up their connect deadline.
    public var maxConnectionsPerHost = 32
    /// Requests on the wire at once. Further ones wait in order.
    public var maxInFlight = 256
    /// Requests that may wait for a budget or for a place on the wire; one more is refused as `notSent`.
    public var maxWaiting = 16_384
    /// Live token buckets, those made from patterns included.
    public var maxBuckets = 32_768
    /// Bytes of all response headers together.
    public var maxHeaderBytes = 64 * 1024
    /// An idle connection older than this is not used again: a stale one costs a mutation its certainty.
    public var reuseSeconds = 30
    /// Exact names (`"fly"`) and patterns that end in `*` (`"fly/get-machine/*"`), one bucket per matching name.
    public var budgets: [BudgetName: Budget] = [:]
    public var breakers = BreakerSettings()
    /// Longest wait that a `Retry-After` may impose on a budget.
    public var maxPauseSeconds = 900.0
    /// Response headers that identify a request at the vendor, in order of preference.
    public var requestIDHeaders = ["fly-request-id", "request-id", "x-request-id"]

    public init() {}

    public init(
        maxConnectionsPerHost: Int = 32, maxInFlight: Int = 256, userAgent: String = "converged",
        budgets: [BudgetName: Budget] = [:], breakers: BreakerSettings = BreakerSettings()
    ) {
        self.maxConnectionsPerHost = maxConnectionsPerHost
        self.maxInFlight = maxInFlight
        self.userAgent = userAgent
        self.budgets = budgets
        self.breakers = breakers
    }
}
