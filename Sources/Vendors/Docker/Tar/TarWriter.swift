/// Writes POSIX ustar archives (IEEE 1003.1, pax, "ustar Interchange Format"): all that the daemon needs to unpack
/// files, folders and links.
enum TarWriter {
    struct Unfit: Error, Equatable {
        var reason: String
    }

    static let blockBytes = 512
    /// Two empty blocks.
    static let end = [UInt8](repeating: 0, count: 2 * blockBytes)

    /// Of the whole archive.
    static func length(of entries: [TarEntry]) -> Int {
        entries.reduce(end.count) { sum, entry in
            sum + blockBytes + contentLength(of: entry) + padding(after: contentLength(of: entry))
        }
    }

    /// Every part in order; a reader of a content that has the wrong length throws.
    static func write(
        _ entries: [TarEntry], _ take: @Sendable ([UInt8]) async throws -> Void
    ) async throws {
        for entry in entries {
            try await take(header(of: entry))
            guard case .file(let content) = entry.content else { continue }
            var written = 0
            try await content.pump { chunk in
                written += chunk.count
                guard written <= content.length else { throw Unfit(reason: "\(entry.path) is longer than announced") }
                try await take(chunk)
            }
            guard written == content.length else { throw Unfit(reason: "\(entry.path) is shorter than announced") }
            try await take([UInt8](repeating: 0, count: padding(after: written)))
        }
        try await take(end)
    }

    static func header(of entry: TarEntry) throws(Unfit) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockBytes)
        let (prefix, name) = try split(path(of: entry))
        put(name, at: 0, in: &block)
        try put(octal: entry.mode & 0o7777, at: 100, digits: 7, in: &block, "mode")
        try put(octal: entry.userID, at: 108, digits: 7, in: &block, "user")
        try put(octal: entry.groupID, at: 116, digits: 7, in: &block, "group")
        try put(octal: contentLength(of: entry), at: 124, digits: 11, in: &block, "length")
        try put(octal: entry.modifiedSeconds, at: 136, digits: 11, in: &block, "time")
        put(Array("        ".utf8), at: 148, in: &block)
        switch entry.content {
        case .file: block[156] = UInt8(ascii: "0")
        case .folder: block[156] = UInt8(ascii: "5")
        case .link(let target):
            guard !target.isEmpty, target.utf8.count <= 100, !target.utf8.contains(0) else {
                throw Unfit(reason: "the target of \(entry.path) is empty or longer than 100 bytes")
            }
            block[156] = UInt8(ascii: "2")
            put(Array(target.utf8), at: 157, in: &block)
        }
        put(Array("ustar\u{0}00".utf8), at: 257, in: &block)
        put(prefix, at: 345, in: &block)
        let sum = block.reduce(0) { $0 + Int($1) }
        try put(octal: sum, at: 148, digits: 6, in: &block, "sum")
        block[154] = 0
        block[155] = UInt8(ascii: " ")
        return block
    }

    static func padding(after length: Int) -> Int { (blockBytes - length % blockBytes) % blockBytes }

    private static func contentLength(of entry: TarEntry) -> Int {
        if case .file(let content) = entry.content { content.length } else { 0 }
    }

    /// Nothing may leave the folder that the archive is unpacked in (design law 13).
    private static func path(of entry: TarEntry) throws(Unfit) -> [UInt8] {
        let parts = entry.path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            !entry.path.utf8.contains(0)
        else { throw Unfit(reason: "\(entry.path) is not a plain relative path") }
        if case .folder = entry.content { return Array(entry.path.utf8) + [UInt8(ascii: "/")] }
        return Array(entry.path.utf8)
    }

    /// 100 bytes of name, and up to 155 in front of a slash.
    private static func split(_ path: [UInt8]) throws(Unfit) -> (prefix: [UInt8], name: [UInt8]) {
        if path.count <= 100 { return ([], path) }
        let slash = path.indices.first { index in
            path[index] == UInt8(ascii: "/") && index <= 155 && path.count - index - 1 <= 100
                && index + 1 < path.count
        }
        guard let slash else {
            throw Unfit(reason: "\(String(decoding: path, as: UTF8.self)) is too long for an archive")
        }
        return (Array(path[..<slash]), Array(path[(slash + 1)...]))
    }

    private static func put(_ bytes: [UInt8], at offset: Int, in block: inout [UInt8]) {
        block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    }

    private static func put(
        octal number: Int, at offset: Int, digits: Int, in block: inout [UInt8], _ field: String
    ) throws(Unfit) {
        let text = String(number, radix: 8)
        guard number >= 0, text.utf8.count <= digits else { throw Unfit(reason: "\(field) \(number) does not fit") }
        put(Array((String(repeating: "0", count: digits - text.utf8.count) + text).utf8), at: offset, in: &block)
    }
}
