/// Aligned columns for people. Ids are never cut or wrapped; only the last column is, and only on a terminal.
public struct Table: Sendable {
    public struct Column: Sendable {
        /// The member of each row's object, as the SQL column is called.
        let field: String
        let title: String
        let style: Style

        init(_ field: String, _ title: String? = nil, _ style: Style = .text) {
            self.field = field
            self.title = (title ?? field).uppercased()
            self.style = style
        }
    }

    enum Style: Sendable {
        case text
        /// To the right.
        case number
        /// A count of seconds, shown as `12s`, `3m`, `5h` or `9d`.
        case age
        /// A time, without the fractions of a second.
        case time
    }

    let columns: [Column]
    let rows: [JSON]

    init(_ columns: [Column], _ rows: [JSON]) {
        self.columns = columns
        self.rows = rows
    }

    func render(width: Int?) -> [String] {
        let cells = rows.map { row in columns.map { $0.style.show(row[$0.field]) } }
        let widths = columns.indices.map { index in
            max(columns[index].title.count, cells.map { $0[index].count }.max() ?? 0)
        }
        let head = align(columns.map(\.title), widths)
        return ([head] + cells.map { align($0, widths) }).map { line in
            guard let width, line.count > width, width > 0 else { return line }
            return line.prefix(width - 1) + "…"
        }
    }

    private func align(_ cells: [String], _ widths: [Int]) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let padding = String(repeating: " ", count: widths[index] - cell.count)
            if index > 0 { line += "  " }
            line += columns[index].style == .number || columns[index].style == .age ? padding + cell : cell + padding
        }
        while line.last == " " { line.removeLast() }
        return line
    }
}

extension Table.Style {
    func show(_ value: JSON) -> String {
        let text =
            switch self {
            case .age: value.integer.map(Self.age) ?? ""
            case .time: value.text.map(Self.time) ?? ""
            case .text, .number: value.line.oneLine
            }
        return text.isEmpty ? "-" : text
    }

    /// The largest unit that still says something: 119 s are `119s`, two hours are `120m`, two days `48h`.
    static func age(_ seconds: Int64) -> String {
        let size = seconds.magnitude
        let sign = seconds < 0 ? "-" : ""
        return switch size {
        case ..<120: "\(sign)\(size)s"
        case ..<7200: "\(sign)\(size / 60)m"
        case ..<172_800: "\(sign)\(size / 3600)h"
        default: "\(sign)\(size / 86400)d"
        }
    }

    /// `2026-11-21T05:01:27.123+00:00` as `2026-11-21 05:01:27+00:00`.
    static func time(_ text: String) -> String {
        var shown = text.replacing("T", with: " ", maxReplacements: 1)
        if let dot = shown.firstIndex(of: ".") {
            let end = shown[dot...].dropFirst().firstIndex { !$0.isNumber } ?? shown.endIndex
            shown.removeSubrange(dot..<end)
        }
        return shown
    }
}

extension String {
    /// Line breaks and what surrounds them as one space.
    public var oneLine: String {
        split(whereSeparator: \.isNewline).map { part in
            String(part.drop(while: \.isWhitespace))
        }.joined(separator: " ")
    }
}
