import Foundation

/// CPU time that a virtual machine's host gave to others while we wanted it: proc(5), the eighth number of `/proc/stat`.
/// Figures of a run that lost much of it tell about the neighbours. Zero where the kernel does not say.
struct StolenTime: Sendable {
    private let stolen: Double
    private let whole: Double

    static func read() -> StolenTime {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        // Later numbers are guests' time, which the first ones hold too.
        let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        return StolenTime(stolen: ticks.count == 8 ? ticks[7] : 0, whole: ticks.reduce(0, +))
    }

    /// Of all the cores' time since then, 0…1.
    func share() -> Double {
        let now = Self.read()
        return now.whole > whole ? (now.stolen - stolen) / (now.whole - whole) : 0
    }
}
