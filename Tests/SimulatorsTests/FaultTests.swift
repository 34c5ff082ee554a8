import Simulators
import Testing

@Suite struct FaultTests {
    private let base = "/apps/automna-u-1/machines"
    private let create: JSON = ["name": "gateway", "region": "iad", "config": ["image": "nginx"]]

    @Test func aLostReplyIsProcessed() async throws {
        try await Stage.with { stage in
            try await stage.app()
            stage.simulator.inject(.init(.lostReply, on: "create-machine"))
            await #expect(throws: RawClient.HungUp.self) { try await stage.client.post(base, create) }
            #expect(stage.simulator.liveMachines().count == 1)
            let call = try #require(stage.simulator.calls("create-machine").first)
            #expect(call.lost)
            #expect(call.status == 200)
            #expect(try await stage.client.post(base, create).status == 409)
        }
    }

    @Test func aRefusedCallIsNotProcessed() async throws {
        try await Stage.with { stage in
            try await stage.app()
            stage.simulator.inject(.init(.refused, on: "mutating"))
            await #expect(throws: RawClient.HungUp.self) { try await stage.client.post(base, create) }
            #expect(stage.simulator.liveMachines().isEmpty)
            #expect(stage.simulator.calls("create-machine").first?.status == 0)
            #expect(try await stage.client.post(base, create).status == 200)
        }
    }

    @Test(
        arguments: [
            (.capacityRegion, 422, "could not find a candidate host"),
            (.capacityVolumeHost, 412, "insufficient resources to create new machine with existing volume id"),
            (.capacityHost, 409, "aborted: could not reserve resource for machine"),
            (.quota, 403, "over the allowed quota"),
            (.rateLimited(retryAfter: .seconds(2)), 429, "rate limit"),
            (.html502, 502, "<html>"), (.empty500, 500, ""), (.notReady, 404, "app not found"),
            (.unauthorized, 401, "Authenticate"), (.status(503, body: "busy"), 503, "busy"),
        ] as [(FlySimulator.Effect, Int, String)])
    func refusalsAreWordedLikeTheRealOnes(effect: FlySimulator.Effect, status: Int, text: String) async throws {
        try await Stage.with { stage in
            try await stage.app()
            stage.simulator.inject(.init(effect, on: "create-*"))
            let answer = try await stage.client.post(base, create)
            #expect(answer.status == status)
            #expect(text.isEmpty ? answer.text.isEmpty : answer.text.contains(text), "\(answer.text)")
            #expect(answer.headers["fly-request-id"] != nil)
            if case .rateLimited = effect { #expect(answer.headers["retry-after"] == "2") }
            #expect(stage.simulator.liveMachines().isEmpty)
            #expect(try await stage.client.post(base, create).status == 200)
        }
    }

    @Test func faultsHitWhatTheyMatch() async throws {
        try await Stage.with { stage in
            try await stage.app()
            try await stage.app("other")
            let fault = FlySimulator.Fault(.empty500, on: "create-machine", app: "automna-*", target: "b", after: 1)
            stage.simulator.inject(fault)
            func status(_ app: String, _ name: String) async throws -> Int {
                let body: JSON = ["name": .string(name), "config": ["image": "nginx"]]
                return try await stage.client.post("/apps/\(app)/machines", body).status
            }
            #expect(try await status("other", "b") == 200)
            #expect(try await status("automna-u-1", "a") == 200)
            #expect(try await status("automna-u-1", "b") == 200)
            #expect(try await status("automna-u-1", "b") == 500)
            #expect(try await status("automna-u-1", "b") == 409)
        }
    }

    @Test func chancesRepeatWithTheirSeed() async throws {
        var runs: [[Int]] = []
        for _ in 0..<2 {
            try await Stage.with { stage in
                try await stage.app()
                stage.simulator.inject(.init(.empty500, on: "get-app", times: nil, probability: 0.5, seed: 7))
                var statuses: [Int] = []
                for _ in 0..<20 { statuses.append(try await stage.client.get("/apps/automna-u-1").status) }
                runs.append(statuses)
            }
        }
        #expect(runs[0] == runs[1])
        #expect(Set(runs[0]) == [200, 500])
    }

    @Test func listsLie() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            _ = try await stage.state(id)
            stage.simulator.advance(by: .seconds(10))
            stage.simulator.stopMachine(id)
            stage.simulator.inject(.init(.staleList(.seconds(5)), on: "list-machines"))
            #expect(try await stage.client.get(base)[0]?["state"] == "started")
            #expect(try await stage.client.get(base)[0]?["state"] == "stopped")
            stage.simulator.inject(.init(.emptyList, on: "list-*", times: 2))
            #expect(try await stage.client.get(base).body == [])
            #expect(try await stage.client.get("/orgs/personal/machines")["machines"] == [])
            stage.simulator.inject(.init(.emptyPage, on: "list-org-machines"))
            let page = try await stage.client.get("/orgs/personal/machines")
            #expect(page["machines"] == [])
            let cursor = try #require(page["next_cursor"]?.string)
            let rest = try await stage.client.get("/orgs/personal/machines?cursor=\(cursor)")
            #expect(rest["machines"]?.items?.count == 1)
        }
    }

    @Test func anOutageEndsWhenItIsEnded() async throws {
        try await Stage.with { stage in
            try await stage.app()
            stage.simulator.setOutage(.hangUp)
            await #expect(throws: RawClient.HungUp.self) { try await stage.client.get("/apps/automna-u-1") }
            stage.simulator.setOutage(.status(503))
            #expect(try await stage.client.get("/apps/automna-u-1").status == 503)
            stage.simulator.setOutage(nil)
            #expect(try await stage.client.get("/apps/automna-u-1").status == 200)
        }
    }

    @Test func hooksSeeBothPhasesAndDecide() async throws {
        try await Stage.with { stage in
            try await stage.app()
            stage.simulator.onCall { call, phase in
                guard call.action == "create-machine" else { return .proceed }
                if call.target == "before" { return phase == .before ? .refuseAndClose : .proceed }
                return phase == .after && call.status == 200 ? .dropReply : .proceed
            }
            for name in ["before", "after"] {
                await #expect(throws: RawClient.HungUp.self) {
                    try await stage.client.post(base, ["name": .string(name), "config": ["image": "nginx"]])
                }
            }
            #expect(stage.simulator.liveMachines().map(\.name) == ["after"])
            #expect(stage.simulator.calls("create-machine").map(\.lost) == [true, true])
        }
    }
}
