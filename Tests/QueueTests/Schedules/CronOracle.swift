import Foundation

/// Cron, minute by minute: slow, and so plain that it can be believed. Knows nothing of how the SQL does it.
struct CronOracle {
    var fields: [Set<Int>]
    var hasBothDays: Bool
    var floats: Bool
    var zone: TimeZone

    private static let ranges = [0...59, 0...23, 1...31, 1...12, 0...6]

    /// Numbers, ranges, steps and lists; no names.
    init(_ spec: String, _ zone: TimeZone) {
        let texts = spec.split(separator: " ").map(String.init)
        fields = zip(texts, Self.ranges).map { text, range in
            Set(
                text.split(separator: ",").flatMap { part -> [Int] in
                    let halves = part.split(separator: "/")
                    let ends = halves[0].split(separator: "-").compactMap { Int($0) }
                    let step = halves.count > 1 ? Int(halves[1])! : 1
                    let (low, high) = halves[0] == "*" ? (range.lowerBound, range.upperBound) : (ends[0], ends.last!)
                    return Array(stride(from: low, through: high, by: step))
                })
        }
        hasBothDays = !texts[2].hasPrefix("*") && !texts[4].hasPrefix("*")
        floats = texts[1].hasPrefix("*")
        self.zone = zone
    }

    /// The first tick after a whole minute (minutes since 1970), if it comes within `limit` minutes.
    func next(after start: Int, limit: Int) -> Int? {
        // What the clocks showed at their farthest, from two days before.
        var farthest = (start - 2 * 1440...start).map(reading).max()!
        for minute in start + 1...start + limit {
            let shown = reading(minute)
            if floats {
                if fits(shown) { return minute }
            } else if shown > farthest {
                if (farthest + 1...shown).contains(where: fits) { return minute }
                farthest = shown
            }
        }
        return nil
    }

    /// What the clocks show, as minutes since 1970 of that reading.
    private func reading(_ minute: Int) -> Int {
        minute + zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(minute) * 60)) / 60
    }

    private func fits(_ reading: Int) -> Bool {
        guard fields[0].contains(reading % 60), fields[1].contains(reading / 60 % 24) else { return false }
        let parts = Self.utc.dateComponents(
            [.day, .month, .weekday], from: Date(timeIntervalSince1970: Double(reading) * 60))
        guard fields[3].contains(parts.month!) else { return false }
        let days = (fields[2].contains(parts.day!), fields[4].contains(parts.weekday! - 1))
        return hasBothDays ? days.0 || days.1 : days.0 && days.1
    }

    private static let utc: Calendar = {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "GMT")!
        return calendar
    }()
}
