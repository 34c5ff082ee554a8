import Foundation
import Support
import Testing

@testable import Vendors

@Suite struct JSONElementsTests {
    static let array = #"""
        [ {"id":"a","text":"brackets ] } [ { and \"quotes\\\""},
          {"id":"b","list":[1,[2,{"c":"]"}]],"e":{}} , {} ]
        """#

    @Test func anArrayIsCutAtItsBordersHoweverItArrives() throws {
        var seed = Seed()
        let bytes = Array(Self.array.utf8)
        let whole = try JSONSerialization.jsonObject(with: Data(bytes)) as? [NSDictionary]
        for _ in 0..<300 {
            var elements = JSONElements()
            var found: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = min(rest.count, Int.random(in: 1...12, using: &seed))
                found += try elements.feed(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(elements.isComplete)
            let objects = try found.map { try JSONSerialization.jsonObject(with: Data($0)) as? NSDictionary }
            #expect(objects == whole)
        }
    }

    @Test(arguments: [#"{"error":"x"}"#, #"["text"]"#, "[]]", "[{}]{", #""text""#])
    func whatIsNoArrayOfObjectsIsRefused(text: String) {
        #expect(throws: JSONElements.Malformed.self) {
            var elements = JSONElements()
            _ = try elements.feed(Array(text.utf8))
        }
    }

    @Test func anArrayThatBreaksOffIsNotComplete() throws {
        var elements = JSONElements()
        #expect(try elements.feed(Array(#"[{"a":1},{"b""#.utf8)).count == 1)
        #expect(!elements.isComplete)
    }

    @Test func anElementWithoutEndIsRefused() throws {
        var elements = JSONElements()
        _ = try elements.feed(Array(#"[{"a":""#.utf8))
        let chunk = [UInt8](repeating: UInt8(ascii: "x"), count: JSONElements.maxElementBytes)
        #expect(throws: JSONElements.Malformed.self) { _ = try elements.feed(chunk) }
    }
}
