/// A span of time as Go writes it: `"1m30s"` on the wire, nanoseconds as an integer in some answers.
public struct FlyDuration: Codable, Sendable, Hashable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    public static func seconds(_ seconds: Int) -> FlyDuration { .init(nanoseconds: Int64(seconds) * 1_000_000_000) }

    /// `"15s"`, `"1h2m0.5s"`, `"250ms"`; nil when it is no duration.
    public init?(_ text: String) {
        var rest = Substring(text)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            if rest == "0" { break }
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = Double(digits), let scale = Self.units[String(unit)] else { return nil }
            total += value * scale
        }
        guard total < 9e18 else { return nil }
        nanoseconds = Int64((isNegative ? -total : total).rounded())
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]

    /// Whole seconds as `"90s"`, finer spans as `"1500ms"` or `"10ns"`: all forms that Go parses.
    public var text: String {
        if nanoseconds % 1_000_000_000 == 0 { return "\(nanoseconds / 1_000_000_000)s" }
        if nanoseconds % 1_000_000 == 0 { return "\(nanoseconds / 1_000_000)ms" }
        return "\(nanoseconds)ns"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            nanoseconds = number
            return
        }
        let text = try container.decode(String.self)
        guard let parsed = FlyDuration(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a Go duration")
        }
        self = parsed
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
