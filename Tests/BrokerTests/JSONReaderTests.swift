import Testing

@testable import Broker

@Suite("JSON that everybody reads alike") struct JSONReaderTests {
    @Test func valuesComeBackAsTheyWere() throws {
        let text = #"{"a":[1,-2,0],"b":"x\"\\\u0001é😀","c":null,"d":true,"e":{}}"#
        #expect(String(decoding: try JSONReader.read(Array(text.utf8)).bytes, as: UTF8.self) == text)
        #expect(try JSONReader.read(Array(#" "\ud83d\ude00\/" "#.utf8)) == .text("😀/"))
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "1.5", "1e3", "01", "-", "+1",
        "nul",
        "9223372036854775808", "\"\\ud83d\"", "\"\\ud83d\\u0041\"", "\"\\x\"", "\"a", "{} {}", "{}x", "\u{feff}{}",
        "\"\n\"",
        "'a'", "[1 2]", "{a:1}", "//x\n1", "NaN", "\"\\u+123\"",
    ]) func everythingElseIsRefused(text: String) {
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.read(Array(text.utf8)) }
    }

    @Test func invalidUTF8AndDepthAreRefused() {
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.read([0x22, 0xc0, 0xaf, 0x22]) }
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.read([0x22, 0xed, 0xa0, 0x80, 0x22]) }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONReader.Malformed.self) { try JSONReader.read(Array(deep.utf8)) }
    }

    /// Texts that Swift takes for equal are two names to Docker.
    @Test func namesAreComparedByBytes() throws {
        let kelvin = try JSONReader.read(Array("{\"K\":1,\"\u{212a}\":2}".utf8))
        #expect(kelvin.members?.count == 2)
        let shape = Shape.object(["K": .number(0...9)])
        #expect(throws: Refusal.self) { try shape.clean(.object([.init("\u{212a}", .number(1))])) }
    }
}
