import Foundation
import Queue
import Testing

@testable import Reconcilers

@Suite struct KeyRingTests {
    static func line(_ id: String, _ byte: UInt8) -> String {
        "\(id) \(Data(repeating: byte, count: 32).base64EncodedString())"
    }

    let row = UUID()

    @Test func whatIsSealedOpensAgainForTheSameRowOnly() throws {
        let ring = try KeyRing(credential: Array(Self.line("k1", 1).utf8))
        let sealed = ring.seal(Array("secret".utf8), for: row)
        #expect(sealed.hasPrefix("v1.k1."))
        #expect(!sealed.contains("secret"))
        #expect(try ring.open(sealed, for: row) == Array("secret".utf8))
        #expect(throws: KeyRingError.unreadable) { try ring.open(sealed, for: UUID()) }
        #expect(sealed != ring.seal(Array("secret".utf8), for: row), "a nonce was used twice")
    }

    @Test func argumentsAreBoundToTheirKind() throws {
        let seal = try KeyRing(credential: Array(Self.line("k1", 1).utf8)).argumentSeal
        let sealed = try seal.seal(#"{"password": "hush"}"#, "mail")
        #expect(!sealed.contains("hush"))
        #expect(try seal.open(sealed, "mail") == #"{"password": "hush"}"#)
        #expect(throws: KeyRingError.unreadable) { try seal.open(sealed, "post") }
        let stranger = try KeyRing(credential: Array(Self.line("k1", 2).utf8)).argumentSeal
        #expect(throws: KeyRingError.unreadable) { try stranger.open(sealed, "mail") }
    }

    @Test func theFirstKeySealsAndAllOpen() throws {
        let old = try KeyRing(credential: Array(Self.line("old", 1).utf8))
        let both = try KeyRing(
            credential: Array("# rotated\n\(Self.line("new", 2))\n\n\(Self.line("old", 1))\n".utf8))
        let new = try KeyRing(credential: Array(Self.line("new", 2).utf8))
        let sealed = old.seal([1, 2, 3], for: row)
        #expect(try both.open(sealed, for: row) == [1, 2, 3])
        #expect(both.seal([1], for: row).hasPrefix("v1.new."))
        #expect(throws: KeyRingError.missing(keyID: "old")) { try new.open(sealed, for: row) }
    }

    @Test(arguments: [
        ("", "no key"), ("# only a comment", "no key"), ("k1", "line 1"), ("k1 a b", "line 1"),
        ("k1 dG9vc2hvcnQ=", "32 bytes"), ("k/1 \(Data(repeating: 1, count: 32).base64EncodedString())", "key id"),
        ("\(line("k1", 1))\n\(line("k1", 2))", "twice"),
    ])
    func aBadCredentialSaysWhatIsWrong(text: String, words: String) {
        let error = #expect(throws: KeyRingError.self) { try KeyRing(credential: Array(text.utf8)) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test(arguments: ["", "v1", "v1.k1", "v2.k1.AAAA", "v1.k1.!!!", "v1.k1.AAAA", "plain"])
    func whatIsNotSealedDoesNotOpen(text: String) throws {
        let ring = try KeyRing(credential: Array(Self.line("k1", 1).utf8))
        #expect(throws: KeyRingError.unreadable) { try ring.open(text, for: row) }
    }

    @Test func aChangedValueDoesNotOpen() throws {
        let ring = try KeyRing(credential: Array(Self.line("k1", 1).utf8))
        let sealed = ring.seal([1, 2, 3], for: row)
        var bytes = try #require(Data(base64Encoded: String(sealed.split(separator: ".")[2])))
        bytes[bytes.count - 1] ^= 1
        #expect(throws: KeyRingError.unreadable) { try ring.open("v1.k1.\(bytes.base64EncodedString())", for: row) }
    }

    @Test func tokensAreLongRandomAndPrintNothing() throws {
        let ring = try KeyRing(credential: Array(Self.line("k1", 1).utf8))
        let tokens = (0..<100).map { _ in GatewayToken.random() }
        #expect(Set(tokens.map(\.hex)).count == 100)
        for token in tokens {
            #expect(token.hex.count == 64 && token.hex.allSatisfy(\.isHexDigit))
            #expect(try GatewayToken.open(token.sealed(by: ring, for: row), with: ring, for: row) == token)
            var dumped = ""
            dump(token, to: &dumped)
            dump(ring, to: &dumped)
            let environment = MachineEnvironment(["TOKEN": token.hex])
            dump(environment, to: &dumped)
            let shown =
                "\(token) \(String(reflecting: token)) \(environment) \(String(reflecting: environment)) \(dumped)"
            #expect(!shown.contains(token.hex))
        }
    }
}
