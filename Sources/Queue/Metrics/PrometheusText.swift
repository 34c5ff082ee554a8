/// Metrics in Prometheus' text format, version 0.0.4. Pure: the same input is the same text.
public struct PrometheusText: Sendable {
    public enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    public private(set) var text = ""

    public init() {}

    /// One family with all its samples; without samples there is nothing to say.
    ///
    /// - Parameters:
    ///   - name: in base units; counters end in `_total`.
    ///   - label: the name of the only label, whose values are from a closed set; nil: no label.
    public mutating func add(
        _ kind: Kind, _ name: String, help: String, label: String? = nil, _ samples: [(value: String, number: Double)]
    ) {
        add(kind, name, help: help, samples.map { sample in (label.map { [($0, sample.value)] } ?? [], sample.number) })
    }

    public mutating func add(_ kind: Kind, _ name: String, help: String, _ number: Double) {
        add(kind, name, help: help, [([], number)])
    }

    public mutating func add(
        _ kind: Kind, _ name: String, help: String, _ samples: [(labels: [(String, String)], number: Double)]
    ) {
        if samples.isEmpty { return }
        begin(kind, name, help)
        for sample in samples { line(name, sample.labels, sample.number) }
    }

    /// Every second bucket is told, each twice as wide as the one before: enough for a quantile, at half the series.
    public mutating func add(_ name: String, help: String, _ histogram: Histogram) {
        begin(.histogram, name, help)
        var seen: UInt64 = 0
        for (bucket, bound) in Histogram.bounds.enumerated() {
            seen += histogram.counts[bucket]
            if bucket % 2 == 0 {
                let rounded = (bound * 1e7).rounded() / 1e7
                line(name + "_bucket", [("le", Self.spell(rounded))], Double(seen))
            }
        }
        line(name + "_bucket", [("le", "+Inf")], Double(histogram.count))
        line(name + "_sum", [], histogram.sumSeconds)
        line(name + "_count", [], Double(histogram.count))
    }

    private mutating func begin(_ kind: Kind, _ name: String, _ help: String) {
        let help = help.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#)
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ number: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.spell(number))\n"
    }

    private static func escape(_ value: String) -> String {
        value.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
    }

    private static func spell(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
        return number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : "\(number)"
    }
}
