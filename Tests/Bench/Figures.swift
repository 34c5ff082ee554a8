import Foundation

/// One measured number with the bar it is held against.
struct Figure: Sendable {
    let name: String
    let value: Double
    /// The design's bar, as text: `≤ 50`.
    let bar: String
    let meaning: String
    /// The least and the most of its repetitions.
    let spread: ClosedRange<Double>?

    init(name: String, value: Double, bar: String = "", meaning: String) {
        self.name = name
        self.value = value
        self.bar = bar
        self.meaning = meaning
        spread = nil
    }

    /// The median of repetitions.
    init(name: String, of values: [Double], bar: String = "", meaning: String) {
        self.name = name
        value = values.percentile(0.5)
        self.bar = bar
        self.meaning = meaning
        spread = values.count > 1 ? values.min()!...values.max()! : nil
    }
}

struct Figures {
    let results: [(group: String, figures: [Figure])]

    init(_ results: [(group: String, figures: [Figure])]) { self.results = results }

    func report() throws {
        for (group, figures) in results {
            print("\n\(group)")
            let width = figures.map(\.name.count).max() ?? 0
            for figure in figures { print("  " + line(figure, width)) }
        }
        guard let path = ProcessInfo.processInfo.environment["BENCH_JSON"] else { return }
        let object = Dictionary(
            uniqueKeysWithValues: results.map { group, figures in
                (group, Dictionary(uniqueKeysWithValues: figures.flatMap(members)))
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(object).write(to: URL(fileURLWithPath: path))
    }

    private func line(_ figure: Figure, _ width: Int) -> String {
        let spread = figure.spread.map { " (\(short($0.lowerBound))…\(short($0.upperBound)))" } ?? ""
        return "\(pad(figure.name, width))  \(String(format: "%12.3f", figure.value))  bar \(pad(figure.bar, 9))  "
            + figure.meaning + spread
    }

    private func members(_ figure: Figure) -> [(String, Double)] {
        guard let spread = figure.spread else { return [(figure.name, figure.value)] }
        return [
            (figure.name, figure.value), (figure.name + "_min", spread.lowerBound),
            (figure.name + "_max", spread.upperBound),
        ]
    }

    private func short(_ value: Double) -> String { String(format: value < 100 ? "%.3f" : "%.0f", value) }

    private func pad(_ text: String, _ width: Int) -> String {
        text.padding(toLength: width, withPad: " ", startingAt: 0)
    }
}

extension Array where Element == Double {
    /// Nearest rank; 0 when empty.
    func percentile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        let ordered = sorted()
        return ordered[Swift.max(0, Swift.min(count - 1, Int((Double(count) * share).rounded(.up)) - 1))]
    }
}

/// The measurement cannot go on.
struct Mishap: Error, CustomStringConvertible { let description: String }

/// A busy machine measures its other work.
func sayLoad() {
    var loads = [0.0, 0.0, 0.0]
    getloadavg(&loads, 3)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let warning = loads[0] > Double(cores) / 2 ? ": others are at work here, the figures are worth little" : ""
    say("load average \(loads[0]) on \(cores) cores\(warning)")
}

/// What is going on, for whoever waits.
func say(_ text: String) {
    print("· \(text)")
    fflush(nil)
}
