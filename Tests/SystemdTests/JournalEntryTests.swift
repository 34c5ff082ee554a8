import Support
import Testing

@testable import Systemd

@Suite struct JournalEntryTests {
    @Test func aPlainValueIsALine() {
        var entry = JournalEntry()
        entry.add("PRIORITY", "6")
        #expect(entry.bytes == Array("PRIORITY=6\n".utf8))
    }

    @Test func aValueWithANewlineHasItsLengthInFront() {
        var entry = JournalEntry()
        entry.add("MESSAGE", "a\nPRIORITY=0")
        #expect(entry.bytes == Array("MESSAGE\n".utf8) + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8))
    }

    @Test(arguments: [
        ("kind", "CONVERGED_KIND"), ("Wait-Seconds", "CONVERGED_WAIT_SECONDS"), ("_x", "CONVERGED__X"),
        ("näme", "CONVERGED_N__ME"), ("a=b\nc", "CONVERGED_A_B_C"), ("", "CONVERGED_"),
    ]) func anyKeyBecomesAName(key: String, name: String) {
        #expect(JournalEntry.fieldName(key) == name)
    }

    @Test func aRunawayValueIsCut() {
        var entry = JournalEntry()
        entry.add("A", String(repeating: "é", count: JournalEntry.maxValueBytes))
        #expect(entry.bytes.count == "A=".utf8.count + JournalEntry.maxValueBytes + "…\n".utf8.count)
    }

    /// Whatever the bytes: a reader of the protocol gets back the fields that went in, and each name is one that
    /// journald takes.
    @Test(arguments: 0..<300) func whatGoesInComesOut(seed: UInt64) throws {
        var random = Seed(value: seed)
        let alphabet: [Character] = ["a", "Z", "9", "=", "\n", "\r\n", "\0", "é", "🙂", " ", "_", "-", "\u{1b}"]
        func text() -> String {
            String((0..<Int.random(in: 0...80, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
        }
        let fields = (0..<Int.random(in: 0...12, using: &random)).map { _ in (JournalEntry.fieldName(text()), text()) }
        var entry = JournalEntry()
        for (name, value) in fields { entry.add(name, value) }

        let read = try #require(journalFields(entry.bytes))
        #expect(read.map(\.name) == fields.map(\.0))
        #expect(read.map(\.value) == fields.map(\.1))
        for (name, _) in fields {
            #expect(name.utf8.count <= 64)
            #expect(name.wholeMatch(of: /[A-Z][A-Z0-9_]*/) != nil)
        }
    }
}

/// The receiving side of the native protocol, written from the contract; nil when the bytes aren't an entry.
func journalFields(_ bytes: [UInt8]) -> [(name: String, value: String)]? {
    var rest = bytes[...]
    var fields: [(name: String, value: String)] = []
    while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
        let line = rest[..<newline]
        rest = rest[(newline + 1)...]
        if let equals = line.firstIndex(of: UInt8(ascii: "=")) {
            fields.append(
                (
                    String(decoding: line[..<equals], as: UTF8.self),
                    String(decoding: line[(equals + 1)...], as: UTF8.self)
                ))
            continue
        }
        guard rest.count > 8 else { return nil }
        let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(8)
        guard rest.count > count, rest[rest.startIndex + count] == UInt8(ascii: "\n") else { return nil }
        fields.append((String(decoding: line, as: UTF8.self), String(decoding: rest.prefix(count), as: UTF8.self)))
        rest = rest.dropFirst(count + 1)
    }
    return rest.isEmpty ? fields : nil
}
