/// Takes the framed stream of logs and exec apart (contract docker, "Frame format"). Chunks may end anywhere, inside a
/// header too; payload is handed on as it comes, so that a frame's announced length reserves nothing.
struct FrameDecoder {
    enum Source: UInt8, Sendable {
        case input = 0
        case output = 1
        case error = 2
        /// The daemon's own words about a failure.
        case daemon = 3
    }
    struct Malformed: Error, Equatable {}

    private var header: [UInt8] = []
    private var source = Source.output
    private var remaining = 0

    /// Ends between two frames.
    var isAtBorder: Bool { header.isEmpty && remaining == 0 }

    mutating func feed(_ chunk: [UInt8], _ take: (Source, ArraySlice<UInt8>) -> Void) throws(Malformed) {
        var rest = chunk[...]
        while !rest.isEmpty {
            if remaining > 0 {
                let part = rest.prefix(remaining)
                take(source, part)
                remaining -= part.count
                rest = rest.dropFirst(part.count)
            } else {
                let part = rest.prefix(8 - header.count)
                header += part
                rest = rest.dropFirst(part.count)
                if header.count == 8 { try open() }
            }
        }
    }

    private mutating func open() throws(Malformed) {
        guard let source = Source(rawValue: header[0]), header[1...3].allSatisfy({ $0 == 0 }) else { throw Malformed() }
        self.source = source
        remaining = header[4...].reduce(0) { $0 << 8 | Int($1) }
        header.removeAll(keepingCapacity: true)
    }
}
