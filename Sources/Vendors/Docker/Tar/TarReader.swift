/// Finds the first file in an archive while it arrives, and holds no more than `maxBytes` of it.
struct TarReader {
    struct Malformed: Error, Equatable {}
    struct TooLarge: Error, Equatable {}

    let maxBytes: Int
    private(set) var file: [UInt8]?
    private(set) var owner = TarOwner()
    private var held: [UInt8] = []
    private var skip = 0
    private var wanted: Int?

    init(maxBytes: Int) { self.maxBytes = maxBytes }

    /// All that was asked for is in hand.
    var isComplete: Bool { file != nil && wanted == nil }

    mutating func feed(_ chunk: [UInt8]) throws {
        guard !isComplete else { return }
        held += chunk
        while !isComplete {
            let skipped = min(skip, held.count)
            held.removeFirst(skipped)
            skip -= skipped
            if let wanted {
                guard held.count >= wanted else { return }
                file = Array(held.prefix(wanted))
                self.wanted = nil
                held = []
                return
            }
            guard skip == 0, held.count >= TarWriter.blockBytes else { return }
            try open(Array(held.prefix(TarWriter.blockBytes)))
            held.removeFirst(TarWriter.blockBytes)
        }
    }

    private mutating func open(_ block: [UInt8]) throws {
        if block.allSatisfy({ $0 == 0 }) { return }
        guard let length = Self.octal(block[124..<136]) else { throw Malformed() }
        if block[156] == UInt8(ascii: "0") || block[156] == 0 {
            guard length <= maxBytes else { throw TooLarge() }
            wanted = length
            file = []
            owner = TarOwner(
                mode: Self.octal(block[100..<108]).map { $0 & 0o7777 }, userID: Self.octal(block[108..<116]),
                groupID: Self.octal(block[116..<124]))
        } else {
            // Folders, links, and the records that carry long names.
            skip = length + TarWriter.padding(after: length)
        }
    }

    private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
        // Numbers too large for digits are binary, with the highest bit set.
        guard field.allSatisfy({ $0 < 0x80 }) else { return nil }
        return Int(String(decoding: field.filter { (0x30...0x37).contains($0) }, as: UTF8.self), radix: 8)
    }
}

/// What an archive says of a file's owner; nil where it says nothing that is understood.
struct TarOwner: Sendable, Equatable {
    var mode: Int?
    var userID: Int?
    var groupID: Int?
}
