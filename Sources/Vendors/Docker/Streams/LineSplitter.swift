/// Cuts a stream of JSON objects, one a line, into lines. Newer daemons put a record separator in front
/// (`json-seq`, contract docker, "Events").
struct LineSplitter {
    struct TooLong: Error {}
    static let maxBytes = 1 << 20

    private var held: [UInt8] = []

    /// Lines that end in this chunk, empty ones left out.
    mutating func feed(_ chunk: [UInt8]) throws(TooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            held += rest[..<end]
            rest = rest[(end + 1)...]
            if let line = takeLine() { lines.append(line) }
        }
        held += rest
        guard held.count <= Self.maxBytes else { throw TooLong() }
        return lines
    }

    /// What stands after the last line break.
    mutating func finish() -> [UInt8]? { takeLine() }

    private mutating func takeLine() -> [UInt8]? {
        let blanks: Set<UInt8> = [0x0d, 0x1e, 0x20, 0x09]
        let line = held.drop { blanks.contains($0) }
        held = []
        return line.allSatisfy { blanks.contains($0) } ? nil : Array(line)
    }
}
