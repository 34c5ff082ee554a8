import Foundation

/// One line per act that is rewritten in place on a terminal; elsewhere a line a second while something changes.
struct LiveTable {
    private let isTerminal = isatty(1) == 1
    private let start = ContinuousClock.now
    private var last: Fleet.Picture?
    private var printed: ContinuousClock.Instant?

    static let columns = ["provisioning", "running", "stopped", "error", "deleting"]

    static func printHeading(counting what: String = "calls") {
        print("    " + pad("seconds", 8) + columns.map { pad($0, 13) }.joined() + pad("settled", 9) + pad(what, 7))
    }

    mutating func show(_ picture: Fleet.Picture, calls: Int) {
        let isDone = picture.settled == picture.total
        if !isTerminal {
            guard picture != last, isDone || printed.map({ .now - $0 >= .seconds(1) }) ?? true else { return }
        }
        last = picture
        printed = .now
        let cells = Self.columns.map { Self.pad(String(picture.byStatus[$0] ?? 0), 13) }.joined()
        let seconds = String(format: "%.1f", (ContinuousClock.now - start) / .seconds(1))
        let line =
            "    " + Self.pad(seconds, 8) + cells + Self.pad("\(picture.settled)/\(picture.total)", 9)
            + Self.pad(String(calls), 7)
        print(isTerminal ? "\r\u{1B}[K\(line)" : line, terminator: isTerminal ? "" : "\n")
        fflush(nil)
    }

    func end() {
        if isTerminal { print() }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}
