/// Reads all headers of a tar archive, to the two empty blocks at its end. Contents pass by unseen.
struct TarCensus: BackupCensus {
    private static let block = 512

    /// First part of the first path: the folder that was asked for.
    private(set) var top: String?
    private var count: Int64 = 0
    private var header: [UInt8] = []
    private var skip = 0
    private var emptyBlocks = 0
    /// What a pax record says of the next entry, and the record while it passes.
    private var announced: Int?
    private var record: [UInt8] = []
    private var recordBytes = 0
    private static let longestRecord = 1 << 20

    mutating func take(_ chunk: [UInt8]) throws {
        var rest = chunk[...]
        while !rest.isEmpty, emptyBlocks < 2 {
            let skipped = min(skip, rest.count)
            record += rest.prefix(skipped).prefix(recordBytes - record.count)
            rest = rest.dropFirst(skipped)
            skip -= skipped
            guard skip == 0 else { return }
            if recordBytes > 0 { readRecord() }
            let part = rest.prefix(Self.block - header.count)
            header += part
            rest = rest.dropFirst(part.count)
            guard header.count == Self.block else { return }
            try open()
            header.removeAll(keepingCapacity: true)
        }
    }

    func entries() throws -> Int64 {
        guard emptyBlocks == 2 else { throw BackupFault("the archive breaks off after \(count) entries") }
        guard count > 0 else { throw BackupFault("the archive is empty") }
        return count
    }

    private mutating func open() throws {
        if header.allSatisfy({ $0 == 0 }) {
            emptyBlocks += 1
            return
        }
        guard emptyBlocks == 0 else { throw BackupFault("the archive goes on behind an empty block") }
        let sum = header.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 32 : Int(header[$1])) }
        guard octal(148..<156) == sum else { throw BackupFault("entry \(count + 1) of the archive is damaged") }
        guard let length = announced ?? number(124..<136), length >= 0 else {
            throw BackupFault("entry \(count + 1) of the archive has no length")
        }
        // x and g carry pax records, L and K long names, for the entry that follows them.
        let kind = header[156]
        let isRecord = "xgLK".utf8.contains(kind)
        if !isRecord {
            count += 1
            announced = nil
            if top == nil {
                top = String(decoding: header.prefix(100).prefix { $0 != 0 && $0 != UInt8(ascii: "/") }, as: UTF8.self)
            }
        }
        // Links say the length of what they point at, and hold nothing.
        guard isRecord || kind == 0 || kind == UInt8(ascii: "0") || kind == UInt8(ascii: "7") else { return }
        skip = (length + Self.block - 1) / Self.block * Self.block
        if kind == UInt8(ascii: "x") {
            guard length <= Self.longestRecord else { throw BackupFault("entry \(count + 1) has a huge record") }
            recordBytes = length
        }
    }

    /// Lines of `LENGTH KEY=VALUE`; of them only the size matters, of files that don't fit into the header's field.
    private mutating func readRecord() {
        for line in record.split(separator: UInt8(ascii: "\n")) {
            guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { continue }
            let pair = String(decoding: line[(space + 1)...], as: UTF8.self)
            if pair.hasPrefix("size=") { announced = Int(pair.dropFirst(5)) }
        }
        (record, recordBytes) = ([], 0)
    }

    private func octal(_ range: Range<Int>) -> Int? {
        let digits = header[range].filter { (0x30...0x37).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8)
    }

    /// Base 256 for what does not fit into eleven octal digits (8 GiB and more).
    private func number(_ range: Range<Int>) -> Int? {
        guard header[range.lowerBound] & 0x80 != 0 else { return octal(range) }
        let bytes = header[range].dropFirst(4)  // eight bytes are as large as an Int
        return header[range].dropFirst().prefix(3).allSatisfy { $0 == 0 }
            ? bytes.reduce(0) { $0 << 8 | Int($1) } : nil
    }
}
