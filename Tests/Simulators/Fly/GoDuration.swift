/// Durations as Go writes them: the API echoes `"60s"` as `"1m0s"`, which is why configurations can't be compared
/// as texts.
enum GoDuration {
    private static let units: [(String, Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("h", 3.6e12), ("m", 6e10), ("s", 1e9),
    ]

    /// Nanoseconds of a text such as `1m30s`; `nil` when it is none.
    static func nanoseconds(_ text: String) -> Int? {
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        if rest == "0" { return 0 }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isNumber || $0 == "." }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            guard let unit = units.first(where: { rest.hasPrefix($0.0) }) else { return nil }
            total += number * unit.1
            rest = rest.dropFirst(unit.0.count)
        }
        return Int(total)
    }

    static func read(_ text: String) -> Duration? { nanoseconds(text).map { .nanoseconds($0) } }

    static func text(nanoseconds: Int) -> String {
        if nanoseconds == 0 { return "0s" }
        if nanoseconds < 1_000_000_000 {
            return nanoseconds % 1_000_000 == 0 ? "\(nanoseconds / 1_000_000)ms" : "\(Double(nanoseconds) / 1e6)ms"
        }
        let whole = nanoseconds / 1_000_000_000
        let fraction = nanoseconds % 1_000_000_000
        let seconds = fraction == 0 ? "\(whole % 60)s" : "\(Double(whole % 60) + Double(fraction) / 1e9)s"
        if whole < 60 { return seconds }
        return whole < 3600 ? "\(whole / 60)m\(seconds)" : "\(whole / 3600)h\(whole / 60 % 60)m\(seconds)"
    }
}
