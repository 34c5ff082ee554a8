/// Latencies in a fixed number of buckets, each √2 wider than the one before: bounded memory, quantiles within 20 %.
public struct Histogram: Sendable, Equatable {
    /// Upper bounds in seconds, from 0.1 ms to about 4 minutes; the last bucket holds the rest.
    public static let bounds: [Double] = {
        var bounds: [Double] = [0.000_1]
        while bounds.count < 43 { bounds.append(bounds[bounds.count - 1] * 2.0.squareRoot()) }
        return bounds
    }()

    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    public private(set) var count: UInt64 = 0
    public private(set) var sumSeconds = 0.0

    public init() {}

    public mutating func record(_ latency: Duration) { record(seconds: latency / .seconds(1)) }

    /// The hot way: a duration's arithmetic is 128 bits wide.
    mutating func record(seconds: Double) {
        var bucket = 0
        var end = Self.bounds.count
        while bucket < end {
            let middle = (bucket + end) / 2
            if seconds <= Self.bounds[middle] { end = middle } else { bucket = middle + 1 }
        }
        counts[bucket] += 1
        count += 1
        sumSeconds += seconds
    }

    mutating func add(_ other: Histogram) {
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        count += other.count
        sumSeconds += other.sumSeconds
    }

    /// Upper bound of the bucket that holds the quantile, in seconds; nil when nothing was recorded.
    public func quantile(_ quantile: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = max(1, UInt64((Double(count) * quantile).rounded(.up)))
        var seen: UInt64 = 0
        for (bucket, inside) in counts.enumerated() {
            seen += inside
            if seen >= rank { return bucket < Self.bounds.count ? Self.bounds[bucket] : .infinity }
        }
        return .infinity
    }
}
