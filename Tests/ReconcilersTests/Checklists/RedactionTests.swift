import Testing

@testable import Reconcilers

@Suite("What a step said, without its secrets") struct RedactionTests {
    @Test(arguments: [
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("authorization=xyz next", "authorization=*** next"),
        ("GATEWAY_TOKEN=s3cret, other=1", "GATEWAY_TOKEN=***, other=1"),
        (#"{"password": "a b", "x": 1}"#, #"{"password": "*** b", "x": 1}"#),
        ("//registry/:_authToken=npm_123", "//registry/:_authToken=***"),
        ("--token abc --force", "--token *** --force"),
        ("GET https://me:pw@host/path", "GET https://***@host/path"), ("basic dXNlcjpw", "basic ***"),
        ("a token was found", "a token was found"), ("https://host/a@b", "https://host/a@b"), ("token=", "token="),
        ("Setting up libsecret-1-0 (0.20)", "Setting up libsecret-1-0 (0.20)"), ("", ""),
    ]) func words(_ said: String, _ kept: String) {
        #expect(Redaction.redact(said) == kept)
    }

    @Test func aKnownSecretGoesWhereverItIs() {
        let secret = String(repeating: "ab", count: 32)
        #expect(Redaction.redact("x\(secret)y", secrets: [secret]) == "x***y")
    }

    @Test func aTailIsBoundedAndFitForAColumn() {
        let said = Array("halfasecret first\u{0}\u{1b}[1m wörter\n".utf8) + [0xff]
        #expect(Redaction.tail(said, isCut: true, secrets: []) == " first[1m wörter\n\u{fffd}")
        let long = Redaction.tail(Array(String(repeating: "ä", count: 10_000).utf8), isCut: false, secrets: [])
        #expect(long.unicodeScalars.count == 4096)
    }
}
