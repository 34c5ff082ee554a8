import Foundation

/// RFC 3339 texts, made by arithmetic: a formatter would be the slowest part of a long list.
enum Timestamp {
    static func text(_ date: Date) -> String {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded())
        let seconds = milliseconds / 1000
        let (year, month, day) = civil(days: seconds / 86_400)
        let clock = seconds % 86_400
        return "\(year)-\(two(month))-\(two(day))T\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60))"
            + ".\(String(1000 + milliseconds % 1000).dropFirst())Z"
    }

    /// The date of a text, with or without fractions; `nil` when it is none.
    static func date(_ text: String) -> Date? {
        let style = Date.ISO8601FormatStyle()
        return (try? style.parse(text))
            ?? (try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text))
    }

    private static func two(_ number: Int) -> Substring { String(100 + number).dropFirst() }

    /// Days since 1970 to the Gregorian calendar (Hinnant's algorithm; no dates before 1970 here).
    private static func civil(days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }
}
