/// Archives: ustar with the long names of pax and GNU.
enum Tar {
    struct Entry: Sendable {
        var path: String
        var file: DockerSimulator.File
    }

    struct Broken: Error {}

    static func read(_ bytes: [UInt8]) throws -> [Entry] {
        guard !bytes.isEmpty else { return [] }
        var entries: [Entry] = []
        var place = 0
        var pax: [String: String] = [:]
        while true {
            // Two empty blocks end an archive; its plain end is tolerated.
            guard place < bytes.count else { break }
            guard place + 512 <= bytes.count else { throw Broken() }
            let header = Array(bytes[place..<place + 512])
            guard header.contains(where: { $0 != 0 }) else { break }
            try check(header)
            let size = try pax["size"].flatMap { Int($0) } ?? number(header[124..<136])
            let start = place + 512
            guard size >= 0, start + size <= bytes.count else { throw Broken() }
            let content = Array(bytes[start..<start + size])
            place = start + (size + 511) / 512 * 512
            switch header[156] {
            case UInt8(ascii: "x"): pax.merge(try records(content)) { _, last in last }
            case UInt8(ascii: "g"): break
            case UInt8(ascii: "L"): pax["path"] = text(content[...])
            case UInt8(ascii: "K"): pax["linkpath"] = text(content[...])
            default:
                entries.append(try entry(header, content, pax))
                pax = [:]
            }
        }
        return entries
    }

    private static func entry(_ header: [UInt8], _ content: [UInt8], _ pax: [String: String]) throws -> Entry {
        let isUstar = Array(header[257..<262]) == Array("ustar".utf8)
        let prefix = isUstar && header[263] == 0x30 ? text(header[345..<500]) : ""
        let name = text(header[0..<100])
        var file = DockerSimulator.File()
        file.mode = try number(header[100..<108]) & 0o7777
        file.uid = try pax["uid"].flatMap { Int($0) } ?? number(header[108..<116])
        file.gid = try pax["gid"].flatMap { Int($0) } ?? number(header[116..<124])
        file.changedAt = try number(header[136..<148])
        switch header[156] {
        case UInt8(ascii: "5"): file.kind = .folder
        case UInt8(ascii: "2"): file.kind = .link(pax["linkpath"] ?? text(header[157..<257]))
        case 0, UInt8(ascii: "0"): file.bytes = content
        default: throw Broken()
        }
        return Entry(path: pax["path"] ?? (prefix.isEmpty ? name : prefix + "/" + name), file: file)
    }

    private static func check(_ header: [UInt8]) throws {
        var sum = 0
        for (index, byte) in header.enumerated() { sum += (148..<156).contains(index) ? 32 : Int(byte) }
        guard try number(header[148..<156]) == sum else { throw Broken() }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func number(_ bytes: ArraySlice<UInt8>) throws -> Int {
        if let first = bytes.first, first & 0x80 != 0 {
            return bytes.dropFirst().reduce(Int(first & 0x7f)) { $0 << 8 | Int($1) }
        }
        let digits = text(bytes).filter { $0 != " " }
        guard let number = digits.isEmpty ? 0 : Int(digits, radix: 8) else { throw Broken() }
        return number
    }

    /// `30 mtime=1350244992.023960108\n`
    private static func records(_ bytes: [UInt8]) throws -> [String: String] {
        var found: [String: String] = [:]
        var rest = bytes[...]
        while let space = rest.firstIndex(of: 0x20) {
            guard let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length <= rest.count,
                length > space - rest.startIndex
            else { throw Broken() }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            let halves = record.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { throw Broken() }
            found[String(decoding: halves[0], as: UTF8.self)] = String(decoding: halves[1], as: UTF8.self)
            rest = rest.dropFirst(length)
        }
        return found
    }

    static func write(_ entries: [Entry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            let name = entry.path + (entry.file.kind == .folder ? "/" : "")
            if name.utf8.count > 100 {
                bytes += block("././@LongLink", DockerSimulator.File(name + "\0"), type: UInt8(ascii: "L"))
            }
            let type: UInt8 =
                switch entry.file.kind {
                case .file: UInt8(ascii: "0")
                case .folder: UInt8(ascii: "5")
                case .link: UInt8(ascii: "2")
                }
            bytes += block(name, entry.file, type: type)
        }
        return bytes + [UInt8](repeating: 0, count: 1024)
    }

    private static func block(_ name: String, _ file: DockerSimulator.File, type: UInt8) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ place: Int, _ width: Int) {
            for (index, byte) in text.utf8.prefix(width).enumerated() { header[place + index] = byte }
        }
        func octal(_ number: Int, _ place: Int, _ width: Int) {
            let digits = String(number, radix: 8)
            put(String(repeating: "0", count: max(0, width - 1 - digits.utf8.count)) + digits, place, width - 1)
        }
        put(name, 0, 100)
        octal(file.mode, 100, 8)
        octal(file.uid, 108, 8)
        octal(file.gid, 116, 8)
        octal(file.bytes.count, 124, 12)
        octal(file.changedAt, 136, 12)
        header[156] = type
        if case .link(let target) = file.kind { put(target, 157, 100) }
        put("ustar\u{0}00", 257, 8)
        for place in 148..<156 { header[place] = 32 }
        octal(header.reduce(0) { $0 + Int($1) }, 148, 7)
        header[154] = 0
        let padding = (512 - file.bytes.count % 512) % 512
        return header + file.bytes + [UInt8](repeating: 0, count: padding)
    }
}
