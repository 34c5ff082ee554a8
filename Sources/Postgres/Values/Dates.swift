import FoundationEssentials

/// `timestamptz`, to the microsecond. `infinity` is `distantFuture`, `-infinity` is `distantPast`.
extension Date: PostgresCodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        if self >= .distantFuture {
            text.append(contentsOf: Array("infinity".utf8))
        } else if self <= .distantPast {
            text.append(contentsOf: Array("-infinity".utf8))
        } else {
            appendTimestamp(microseconds: (timeIntervalSince1970 * 1_000_000).rounded(), to: &text)
        }
        return true
    }

    public init(postgres cell: CellView) throws {
        let text = try cell.required(Date.self)
        switch text.first {
        case UInt8(ascii: "i"): self = .distantFuture
        case UInt8(ascii: "-"): self = .distantPast
        default:
            guard let microseconds = parseTimestamp(text) else {
                throw PostgresError(.decoding, "not a timestamp in ISO form")
            }
            self = Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
        }
    }
}

/// `interval`, written only: read one with `extract(epoch from …)`.
extension Duration: PostgresEncodable {
    public func appendPostgresText(to text: inout [UInt8]) -> Bool {
        let (seconds, attoseconds) = components
        let microseconds = attoseconds / 1_000_000_000_000
        if seconds < 0 || microseconds < 0 { text.append(UInt8(ascii: "-")) }
        appendDecimal(abs(seconds), to: &text)
        text.append(UInt8(ascii: "."))
        appendDigits(Int(abs(microseconds)), 6, to: &text)
        text.append(contentsOf: Array(" seconds".utf8))
        return true
    }
}

private func appendTimestamp(microseconds: Double, to text: inout [UInt8]) {
    let all = Int(microseconds)
    let day = Int((Double(all) / 86_400_000_000).rounded(.down))
    let rest = all - day * 86_400_000_000
    let (year, month, dayOfMonth) = civil(fromDays: day)
    appendDigits(year, 4, to: &text)
    text.append(UInt8(ascii: "-"))
    appendDigits(month, 2, to: &text)
    text.append(UInt8(ascii: "-"))
    appendDigits(dayOfMonth, 2, to: &text)
    text.append(UInt8(ascii: " "))
    appendDigits(rest / 3_600_000_000, 2, to: &text)
    text.append(UInt8(ascii: ":"))
    appendDigits(rest / 60_000_000 % 60, 2, to: &text)
    text.append(UInt8(ascii: ":"))
    appendDigits(rest / 1_000_000 % 60, 2, to: &text)
    text.append(UInt8(ascii: "."))
    appendDigits(rest % 1_000_000, 6, to: &text)
    text.append(contentsOf: Array("+00".utf8))
}

private func appendDigits(_ value: Int, _ width: Int, to text: inout [UInt8]) {
    var digits: [UInt8] = []
    appendDecimal(Int64(value), to: &digits)
    for _ in 0..<max(0, width - digits.count) { text.append(UInt8(ascii: "0")) }
    text.append(contentsOf: digits)
}

/// `2026-11-21[ 04:49:25[.123456]][+01[:30[:00]]]` → microseconds since 1970.
func parseTimestamp(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
    var index = 0
    func number() -> Int64? {
        let start = index
        var value: Int64 = 0
        while index < text.count, let digit = text[index].digit, index - start < 9 {
            value = value * 10 + Int64(digit)
            index += 1
        }
        return index > start ? value : nil
    }
    func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < text.count, text[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }
    guard let year = number(), skip("-"), let month = number(), skip("-"), let day = number() else { return nil }
    var micros = Int64(days(year: Int(year), month: Int(month), day: Int(day))) * 86_400_000_000
    if skip(" ") {
        guard let hour = number(), skip(":"), let minute = number(), skip(":"), let second = number() else {
            return nil
        }
        micros += (hour * 3600 + minute * 60 + second) * 1_000_000
        if skip(".") {
            let start = index
            guard var fraction = number() else { return nil }
            for _ in 0..<max(0, 6 - (index - start)) { fraction *= 10 }
            micros += fraction
        }
    }
    let isWest = index < text.count && text[index] == UInt8(ascii: "-")
    if skip("+") || skip("-") {
        guard var offset = number().map({ $0 * 3600 }) else { return nil }
        for unit: Int64 in [60, 1] where skip(":") { offset += (number() ?? 0) * unit }
        micros += (isWest ? offset : -offset) * 1_000_000
    }
    // What is left can only be " BC", which no row of ours holds.
    return index == text.count ? micros : nil
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`).
private func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthShifted = (5 * dayOfYear + 2) / 153
    let month = monthShifted < 10 ? monthShifted + 3 : monthShifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthShifted + 2) / 5 + 1)
}
