import Testing

@testable import Reconcilers

@Suite("The environment of a service") struct ServiceEnvironmentTests {
    @Test func linesAreReadAsComposeReadsThem() {
        let text = """
            # a comment
            export A=1
             B = two words\u{20}
            C="quoted"\r
            D='x=y'
            E=
            no line
            F="half
            """
        #expect(
            ServiceEnvironment.lines(of: Array(text.utf8)) == [
                "A": "1", "B": "two words", "C": "quoted", "D": "x=y", "E": "", "F": "\"half",
            ])
    }

    @Test func onlyWhatIsNamedGetsIn() throws {
        let file = ["PASSWORD": "s3cret", "OTHER": "unused"]
        let env = #"{"URL":"pg://u:${PASSWORD}@db/${NAME:-main}","PORT":3000,"ON":true,"NONE":"${NO:-}","PLAIN":"$5"}"#
        let filled = try ServiceEnvironment(env, file: file)
        #expect(
            filled.values == [
                "URL": "pg://u:s3cret@db/main", "PORT": "3000", "ON": "true", "PLAIN": "$5",
            ])
        #expect(filled.secrets == ["s3cret"])
        #expect("\(filled)" == "<environment of 4>")
    }

    @Test(arguments: [
        #"{"A":"${MISSING}"}"#, #"{"A":"${open"}"#, #"{"A":null}"#, #"{"A":["x"]}"#, #"{"1A":"x"}"#,
        #"{"STRIPE_API_KEY":"x"}"#, "[]",
    ]) func whatCannotBe(_ env: String) {
        #expect(throws: ContainerFault.self) { try ServiceEnvironment(env, file: ["SECRET": "s3cret"]) }
        #expect(throws: ContainerFault.self) { try ServiceEnvironment(env, file: nil) }
    }
}
