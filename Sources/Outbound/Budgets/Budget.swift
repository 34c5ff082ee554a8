/// Monotonic time inside this room; it is passed in wherever it decides something.
typealias Moment = ContinuousClock.Instant

/// The name of a rate limit: a vendor (`"fly"`) or vendor, action and target (`"fly/get-machine/1857156b526dd8"`).
public struct BudgetName: Sendable, Hashable, Comparable, ExpressibleByStringInterpolation, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    public var description: String { text }
    public static func < (one: BudgetName, other: BudgetName) -> Bool { one.text < other.text }

    /// More parts are more specific.
    var depth: Int { text.utf8.count { $0 == UInt8(ascii: "/") } }
    /// `"fly/get-machine/"` for `"fly/get-machine/*"`.
    var patternPrefix: Substring? { text.hasSuffix("*") ? text.dropLast() : nil }
}

/// A published limit: so many calls a second on average, so many at once.
public struct Budget: Sendable, Hashable {
    public var ratePerSecond: Double
    public var burst: Int

    public init(ratePerSecond: Double, burst: Int) {
        precondition(ratePerSecond > 0 && burst >= 1, "a budget that grants nothing would wait for ever")
        self.ratePerSecond = ratePerSecond
        self.burst = burst
    }
}
