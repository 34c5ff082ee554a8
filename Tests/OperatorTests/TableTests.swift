import Testing

@testable import Operator

@Suite struct TableTests {
    private let table = Table(
        [.init("id", nil, .number), .init("key"), .init("age_seconds", "age", .age), .init("message")],
        [
            .object([
                "id": .integer(7), "key": .text("a"), "age_seconds": .integer(7199), "message": .text("one\n  two"),
            ]),
            .object(["id": .integer(12345), "key": .text("long-key"), "age_seconds": .integer(5), "message": .null]),
        ])

    @Test func columnsAreAlignedAndNumbersStandRight() {
        #expect(
            table.render(width: nil) == [
                "   ID  KEY        AGE  MESSAGE",
                "    7  a         119m  one two",
                "12345  long-key    5s  -",
            ])
    }

    @Test func onlyATerminalCutsLines() {
        #expect(table.render(width: 24)[1] == "    7  a         119m  …")
        #expect(table.render(width: nil)[1].hasSuffix("one two"))
    }

    @Test(arguments: [(0, "0s"), (119, "119s"), (120, "2m"), (7200, "2h"), (172_800, "2d"), (-30, "-30s")])
    func agesAreShort(seconds: Int64, shown: String) {
        #expect(Table.Style.age(seconds) == shown)
    }

    @Test func timesLoseTheirFractions() {
        #expect(Table.Style.time("2026-11-21T05:01:27.123456+00:00") == "2026-11-21 05:01:27+00:00")
        #expect(Table.Style.time("2026-11-21T05:01:27Z") == "2026-11-21 05:01:27Z")
    }

    @Test func jsonKeepsWholeNumbersAndOrder() throws {
        let value = try JSON(parsing: #"{"b": 9007199254740993, "a": [1.5, null, true, "x/y"]}"#)
        #expect(value["b"].integer == 9_007_199_254_740_993)
        #expect(try value.document().contains("9007199254740993"))
        #expect(try value.document().contains("x/y"))
        #expect(value["a"].line == "1.5, , yes, x/y")
    }

    @Test func theNearestNameIsSuggestedAndNoFarOne() {
        #expect(Spelling.suggest("machnes", among: ["machines", "users"]) == "; did you mean machines?")
        #expect(Spelling.suggest("zzzzzz", among: ["machines", "users"]) == "")
    }
}
