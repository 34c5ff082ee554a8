import Foundation
import Testing

@testable import Vendors

@Suite struct FlyConfigTests {
    @Test(arguments: [
        ("15s", 15_000_000_000), ("1m30s", 90_000_000_000), ("1h2m0.5s", 3_720_500_000_000), ("250ms", 250_000_000),
        ("0", 0), ("-2s", -2_000_000_000), ("1.5h", 5_400_000_000_000), ("10ns", 10),
    ])
    func goDurationsAreRead(text: String, nanoseconds: Int64) throws {
        let duration = try #require(FlyDuration(text))
        #expect(duration.nanoseconds == nanoseconds)
        #expect(FlyDuration(duration.text) == duration)
    }

    @Test(arguments: ["", "s", "5", "5 s", "5x", "--5s", "1e400h", "-"])
    func whatIsNoDurationIsRefused(text: String) {
        #expect(FlyDuration(text) == nil)
    }

    @Test func bothFormsOfADurationAndOfAutostopAreRead() throws {
        let text = """
            {"image":"a","checks":{"c":{"type":"http","port":1,"interval":15000000000,"timeout":"2s","new":{}}},
             "services":[{"autostop":true},{"autostop":"suspend"},{"autostop":false}],"surprise":[1]}
            """
        let config = try JSONDecoder().decode(FlyMachineConfig.self, from: Data(text.utf8))
        #expect(config.checks?["c"]?.interval == .seconds(15))
        #expect(config.services?.map(\.autostop) == [.stop, .suspend, .off])
    }

    @Test func onlyWhatIsSetIsWritten() throws {
        var config = FlyMachineConfig(image: "a/b:1", env: ["A": "1"], restart: FlyRestart(policy: "always"))
        config.stopConfig = FlyStopConfig(timeout: .seconds(90))
        let text = String(decoding: try encoded(config), as: UTF8.self)
        #expect(
            text
                == #"{"env":{"A":"1"},"image":"a/b:1","restart":{"policy":"always"},"stop_config":{"timeout":"90s"}}"#)
    }

    @Test func noPrintShowsAValueOfTheEnvironment() {
        let config = FlyMachineConfig(image: "a", env: ["TOKEN": "hunter2"])
        var dumped = ""
        dump(config, to: &dumped)
        for text in ["\(config)", String(reflecting: config), dumped] {
            #expect(!text.contains("hunter2"), "\(text)")
        }
    }

    @Test func aMachineIsReadWhateverIsBrokenInIt() throws {
        let text = """
            {"id":"1857156b526dd8","state":7,"config":{"image":["no"]},"checks":{"a":1},"events":null,
             "host_status":"unreachable","version":"01H"}
            """
        let machine = try JSONDecoder().decode(FlyMachine.self, from: Data(text.utf8))
        #expect(machine.id == "1857156b526dd8")
        #expect(machine.config == nil && machine.state == nil && machine.checks == nil)
        #expect(machine.instanceID == "01H")
        #expect(machine.isHostDown)
    }

    @Test func aPageIsReadEntryByEntryButNotWithoutItsList() throws {
        let text = """
            {"machines":[{"id":"a","app_name":"x","config":{"metadata":{"converged_owner":"me"}}},{"name":"no id"}],
             "next_cursor":"","error_regions":["ord"]}
            """
        let page = try JSONDecoder().decode(FlyPageAnswer<FlyListedMachine>.self, from: Data(text.utf8)).page
        #expect(page.items.map(\.id) == ["a"])
        #expect(page.items.first?.owner == "me")
        #expect(page.unreadable == 1 && page.nextCursor == nil && page.errorRegions == ["ord"])
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(FlyPageAnswer<FlyListedMachine>.self, from: Data(#"{"error":"x"}"#.utf8))
        }
    }

    @Test(arguments: [
        ("fm2_abc,fm2_def", "FlyV1 fm2_abc,fm2_def"), ("fm1r_x", "FlyV1 fm1r_x"), ("fo1_abc", "Bearer fo1_abc"),
        ("Bearer abc", "Bearer abc"), ("FlyV1 fm2_abc", "FlyV1 fm2_abc"), ("plain", "Bearer plain"),
    ])
    func theSchemeFollowsFromTheToken(token: String, header: String) {
        #expect(FlyToken(token).authorization == header)
    }

    @Test func aTokenIsNeverPrinted() {
        let token = FlyToken("fm2_secret")
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), dumped] { #expect(!text.contains("secret")) }
    }

    @Test func leaseAnswersAreReadWrappedAndBare() throws {
        for text in [
            #"{"status":"success","data":{"nonce":"5c35f65c9f95","expires_at":1708569778}}"#,
            #"{"nonce":"5c35f65c9f95","expires_at":1708569778}"#,
        ] {
            let answer = try JSONDecoder().decode(FlyLeaseAnswer.self, from: Data(text.utf8))
            #expect(answer.fields.nonce == "5c35f65c9f95" && answer.fields.expiresAt == 1_708_569_778)
        }
    }
}
