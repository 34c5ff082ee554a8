import Simulators
import Testing

@Suite struct LimitTests {
    @Test func eachActionHasItsBucketForEachMachine() async throws {
        try await Stage.with(Stage.options { $0.limits = .documented }) { stage in
            try await stage.app()
            let one = try await stage.machine(name: "one")
            let two = try await stage.machine(name: "two")
            func cordon(_ id: String) async throws -> Int {
                try await stage.client.post("/apps/automna-u-1/machines/\(id)/cordon").status
            }
            for _ in 0..<3 { #expect(try await cordon(one) == 200) }
            let refused = try await stage.client.post("/apps/automna-u-1/machines/\(one)/cordon")
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"] == nil)
            #expect(try await cordon(two) == 200)
            stage.simulator.advance(by: .seconds(1))
            #expect(try await cordon(one) == 200)
            #expect(try await cordon(one) == 429)
            #expect(stage.simulator.throttled == 2)
        }
    }

    @Test func readingAMachineIsCheaper() async throws {
        try await Stage.with(Stage.options { $0.limits = .documented }) { stage in
            try await stage.app()
            let id = try await stage.machine()
            for _ in 0..<10 { #expect(try await stage.state(id) != nil) }
            #expect(try await stage.client.get("/apps/automna-u-1/machines/\(id)").status == 429)
        }
    }

    @Test func aLimitOverEverything() async throws {
        var limits = FlySimulator.RateLimits.documented
        limits.organisation = .init(ratePerSecond: 2, burst: 4)
        limits.sendsRetryAfter = true
        try await Stage.with(Stage.options { $0.limits = limits }) { stage in
            for number in 0..<4 { try await stage.app("app-\(number)") }
            let refused = try await stage.client.post("/apps", ["app_name": "app-5", "org_slug": "personal"])
            #expect(refused.status == 429)
            #expect(refused.headers["retry-after"] == "1")
            stage.simulator.advance(by: .seconds(1))
            try await stage.app("app-5")
        }
    }
}
