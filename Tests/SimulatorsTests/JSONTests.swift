import Simulators
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        "null", "true", "-12", "1.5", "\"a\\nb\"", "[]", "{}", "[1,[2,{\"a\":null}]]",
        "{\"a\":{\"b\":[true,false]},\"c\":\"\"}", "\"ü😀\"",
    ])
    func whatIsReadIsWrittenAgain(text: String) throws {
        #expect(try JSON(parsing: text).description == text)
    }

    @Test func escapesAreUnderstood() throws {
        #expect(try JSON(parsing: "\"\\u00fc\\ud83d\\ude00\\t\\\"\\/\"") == "ü😀\t\"/")
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,\"a\":2}", "tru", "1 2", "\"\\x\"", "\"\\ud83d\"", "{a:1}", "\"open",
        String(repeating: "[", count: 100),
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }
}
