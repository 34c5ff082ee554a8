import Simulators
import Testing

@Suite struct FaultScriptTests {
    @Test func aScriptIsReadLineByLine() throws {
        let script = try FaultScript(
            """
            # a comment

            create-machine lost-reply after=1 times=2 app=automna-* target=gate*   # another
            * delay=250ms times=always probability=0.5 seed=9
            get-machine status=503 times=3 body={"error":"#1"}
            list-* stale-list=10s from=1m until=2m
            """)
        #expect(script.faults.count == 4)
        #expect(script.faults[0].effect == .lostReply)
        #expect(script.faults[0].after == 1 && script.faults[0].times == 2)
        #expect(script.faults[0].app == "automna-*" && script.faults[0].target == "gate*")
        #expect(script.faults[1].effect == .delay(.milliseconds(250)))
        #expect(script.faults[1].times == nil && script.faults[1].probability == 0.5 && script.faults[1].seed == 9)
        #expect(script.faults[2].effect == .status(503, body: "{\"error\":\"#1\"}"))
        #expect(script.faults[3].during == .seconds(60)..<(.seconds(120)))
    }

    @Test func everyEffectCanBeWritten() throws {
        for effect in FaultScript.effects {
            let text = effect.replacing("CODE", with: "500").replacing("[=TIME]", with: "=1s")
                .replacing("TIME", with: "1s")
            #expect(try FaultScript("* " + text).faults.count == 1, "\(effect)")
        }
    }

    @Test(arguments: [
        ("create-machine", "an effect is missing"), ("* lostreply", "unknown effect lostreply"),
        ("* delay", "unknown effect delay"), ("* delay=soon", "soon is no time"),
        ("* lost-reply times=some", "times=some is no number"), ("* lost-reply colour=red", "unknown setting colour"),
        ("* lost-reply app", "app has no value"), ("* status=99", "99 is no HTTP status"),
        ("* refused from=2s until=1s", "from is not before until"),
    ])
    func aBadLineIsNamed(line: String, problem: String) throws {
        let error = try #require(throws: FaultScriptError.self) { try FaultScript("\n" + line) }
        #expect(error.line == 2)
        #expect(error.description.contains(problem), "\(error)")
        #expect(error.text == line)
    }
}
