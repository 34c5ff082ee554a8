import Simulators
import Support
import Testing

@Suite struct WaitTests {
    private let base = "/apps/automna-u-1/machines"

    @Test func aWaitEndsWhenTheStateComes() async throws {
        try await Stage.with(Stage.options { $0.bootDelay = .seconds(4) }) { stage in
            try await stage.app()
            let id = try await stage.machine()
            async let waited = stage.client.get("\(base)/\(id)/wait?state=started&timeout=60")
            try await eventually("the wait arrived") { !stage.simulator.calls("wait-machine").isEmpty }
            stage.simulator.advance(by: .seconds(4))
            let answer = try await waited
            #expect(answer.status == 200)
            #expect(answer["ok"] == true)
            #expect(answer["state"] == "started")
            #expect(answer["version"]?.string?.count == 26)
        }
    }

    @Test func aWaitThatEndsTooLateIs408() async throws {
        try await Stage.with(Stage.options { $0.bootDelay = .seconds(100) }) { stage in
            try await stage.app()
            let id = try await stage.machine()
            async let waited = stage.client.get("\(base)/\(id)/wait?state=started&timeout=10")
            try await eventually("the wait arrived") { !stage.simulator.calls("wait-machine").isEmpty }
            stage.simulator.advance(by: .seconds(10))
            let answer = try await waited
            #expect(answer.status == 408)
            #expect(
                answer["error"]
                    == "deadline_exceeded: machine failed to reach desired state, started, currently created")
        }
    }

    @Test func aWaitOnTheRealClockNeedsNobodyToMoveIt() async throws {
        try await Stage.with(
            Stage.options {
                $0.clock = .real
                $0.bootDelay = .milliseconds(60)
            }
        ) { stage in
            try await stage.app()
            let id = try await stage.machine()
            #expect(try await stage.client.get("\(base)/\(id)/wait?state=started").status == 200)
        }
    }

    @Test func aWaitHearsOfChangesBehindItsBack() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            async let waited = stage.client.get("\(base)/\(id)/wait?state=destroyed")
            try await eventually("the wait arrived") { !stage.simulator.calls("wait-machine").isEmpty }
            stage.simulator.destroyMachine(id)
            #expect(try await waited["state"] == "destroyed")
        }
    }

    @Test(arguments: ["state=sleeping", "state=started&timeout=61", "state=started&timeout=0", "state=stopped"])
    func badTermsAreRefused(query: String) async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            #expect(try await stage.client.get("\(base)/\(id)/wait?\(query)").status == 400)
        }
    }

    @Test func settledMeansAnyLastingState() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine(config: ["image": "nosuchimage:1"])
            #expect(try await stage.client.get("\(base)/\(id)/wait?state=settled")["state"] == "failed")
        }
    }
}
