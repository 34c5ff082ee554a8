/// Walks through all of a `pg_dump -Fc` file: its head, its table of contents, and the blocks of data behind it
/// (PostgreSQL's pg_backup_archiver.c, ReadHead and ReadToc; pg_backup_custom.c, _skipData). No mark says where such a file
/// ends, so it is a whole when it ends behind a block and each entry with data has had one. Contents pass by unseen.
struct DumpCensus: BackupCensus {
    /// What comes next.
    private enum Part {
        case mark, compression, integer, text, count, dependencies, state, block, chunks, objects
    }

    /// The last one first.
    private var ahead: [Part] = [.mark]
    private var token: [UInt8] = []
    private var skip = 0
    private var position: Int64 = 0
    private var minor: UInt8 = 0
    private var integerBytes = 4
    private var offsetBytes = 8
    private var announced: Int64 = 0
    private var left: Int64 = 0
    private var withData = 0
    private var blocks = 0

    /// From the file's beginning to the end of the table of contents; nil before that was seen.
    private(set) var contentsBytes: Int64?

    mutating func take(_ chunk: [UInt8]) throws {
        var rest = chunk[...]
        while !rest.isEmpty, let part = ahead.last {
            let skipped = min(skip, rest.count)
            rest = rest.dropFirst(skipped)
            skip -= skipped
            let wanted = rest.prefix(skip > 0 ? 0 : length(of: part) - token.count)
            token += wanted
            rest = rest.dropFirst(wanted.count)
            position += Int64(skipped + wanted.count)
            guard skip == 0, token.count == length(of: part) else { return }
            ahead.removeLast()
            try pass(part)
            token.removeAll(keepingCapacity: true)
        }
    }

    func entries() throws -> Int64 {
        guard contentsBytes != nil else {
            throw BackupFault("the dump breaks off after \(announced - left) of its \(announced) entries")
        }
        guard case .block? = ahead.last, token.isEmpty, skip == 0 else {
            throw BackupFault("the dump breaks off in block \(blocks) of its data")
        }
        guard blocks == withData else {
            throw BackupFault("the dump breaks off after \(blocks) of its \(withData) blocks of data")
        }
        return announced
    }

    private func length(of part: Part) -> Int {
        switch part {
        case .mark: 11
        // An algorithm since 1.15, a level before.
        case .compression: minor >= 15 ? 1 : 1 + integerBytes
        case .block: 1
        case .state: 1 + offsetBytes
        default: 1 + integerBytes
        }
    }

    private mutating func expect(_ parts: Part...) { ahead += parts.reversed() }

    private mutating func pass(_ part: Part) throws {
        switch part {
        case .mark: try open()
        case .compression, .integer: break
        case .text: skip = max(0, try integer())
        case .count:
            announced = Int64(try integer())
            left = announced
            guard announced > 0 else { throw BackupFault("the dump is empty") }
            expectEntry()
        case .dependencies:
            // The list ends with a text that is not there, which is not an empty one.
            let length = try integer()
            guard length >= 0 else { return }
            skip = length
            expect(.dependencies)
        case .state:
            left -= 1
            if token[0] != Self.noData { withData += 1 }
            if left > 0 { return expectEntry() }
            contentsBytes = position
            expect(.block)
        case .block:
            blocks += 1
            switch token[0] {
            case 1: expect(.integer, .chunks, .block)
            case 3: expect(.integer, .objects, .block)
            default: throw BackupFault("block \(blocks) of the dump's data is damaged")
            }
        case .chunks:
            skip = try integer()
            guard skip >= 0 else { throw BackupFault("block \(blocks) of the dump's data is damaged") }
            if skip > 0 { expect(.chunks) }
        case .objects:
            // Large objects, each with its id in front; none has the id 0.
            if try integer() != 0 { expect(.chunks, .objects) }
        }
    }

    private static let noData: UInt8 = 3

    private mutating func open() throws {
        guard token.starts(with: "PGDMP".utf8) else {
            throw BackupFault("that is no dump of pg_dump in its custom format")
        }
        minor = token[6]
        (integerBytes, offsetBytes) = (Int(token[8]), Int(token[9]))
        guard token[5] == 1, (12...16).contains(minor), (1...8).contains(integerBytes), (1...8).contains(offsetBytes),
            token[10] == 1
        else { throw BackupFault("a dump of archive version \(token[5]).\(minor) in a format that is not known") }
        expect(.compression)
        ahead.insert(contentsOf: [.count, .text, .text, .text] + Array(repeating: .integer, count: 7), at: 0)
    }

    /// Number, whether it had data, ids of table and row, tag, kind; section; how it is made, dropped and copied, schema,
    /// tablespace; access method since 1.14; kind of relation since 1.16; owner, whether it has OIDs; what it needs; where
    /// its data is.
    private mutating func expectEntry() {
        let fields: [Part] =
            [.integer, .integer, .text, .text, .text, .text, .integer, .text, .text, .text, .text, .text]
            + (minor >= 14 ? [.text] : []) + (minor >= 16 ? [.integer] : []) + [.text, .text, .dependencies, .state]
        ahead += fields.reversed()
    }

    /// A sign, then the lowest byte first.
    private func integer() throws -> Int {
        let value = token.dropFirst().reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard value <= 1 << 31 else { throw BackupFault("the dump is damaged at byte \(position)") }
        return token[0] == 0 ? Int(value) : -Int(value)
    }
}
