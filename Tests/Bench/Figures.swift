import Foundation

/// One measured number with the bar it is held against.
struct Figure: Sendable {
    let name: String
    let value: Double
    /// The design's bar, as text: `≤ 50`.
    let bar: String
    let meaning: String
}

struct Figures {
    let results: [(group: String, figures: [Figure])]

    init(_ results: [(group: String, figures: [Figure])]) { self.results = results }

    func report() throws {
        for (group, figures) in results {
            print("\n\(group)")
            let width = figures.map(\.name.count).max() ?? 0
            for figure in figures {
                let name = figure.name.padding(toLength: width, withPad: " ", startingAt: 0)
                print(
                    "  \(name)  " + String(format: "%12.3f", figure.value)
                        + "  bar \(pad(figure.bar, 9))  \(figure.meaning)")
            }
        }
        guard let path = ProcessInfo.processInfo.environment["BENCH_JSON"] else { return }
        let object = Dictionary(
            uniqueKeysWithValues: results.map { group, figures in
                (group, Dictionary(uniqueKeysWithValues: figures.map { ($0.name, $0.value) }))
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(object).write(to: URL(fileURLWithPath: path))
    }

    private func pad(_ text: String, _ width: Int) -> String {
        text.padding(toLength: width, withPad: " ", startingAt: 0)
    }
}

extension Array where Element == Double {
    /// Nearest rank; 0 when empty.
    func percentile(_ share: Double) -> Double {
        guard !isEmpty else { return 0 }
        let ordered = sorted()
        return ordered[Swift.min(count - 1, Int((Double(count) * share).rounded(.up)) - 1)]
    }
}
