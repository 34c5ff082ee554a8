/// How a verb answers.
public enum OutputFormat: String, CaseIterable, Sendable {
    /// For people.
    case table
    /// One document, an array or an object, whose members are named as the columns are.
    case json
}

/// Where a verb's answer goes.
public struct Console: Sendable {
    public var format: OutputFormat
    /// Columns of the terminal; nil when the output is no terminal: then nothing is cut.
    public var width: Int?
    private let sink: @Sendable (String) -> Void

    public init(format: OutputFormat, width: Int? = nil, sink: @escaping @Sendable (String) -> Void) {
        self.format = format
        self.width = width
        self.sink = sink
    }

    /// One line, or several.
    public func print(_ text: String) { sink(text + "\n") }

    public func print(_ table: Table) {
        for line in table.render(width: width) { print(line) }
    }

    /// The document, or what people get to see instead.
    func answer(_ document: JSON, human: () -> Void) throws {
        switch format {
        case .json: print(try document.document())
        case .table: human()
        }
    }
}
