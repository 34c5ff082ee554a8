import Simulators
import Testing

@Suite struct MeddlingTests {
    private let base = "/apps/automna-u-1/machines"

    @Test func anUnreachableHostLeavesLittleToSee() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            let mounts: JSON = [["volume": .string(volume), "path": "/data"]]
            let id = try await stage.machine(config: ["image": Stage.image, "mounts": mounts])
            stage.simulator.setHostUnreachable(id)
            let shown = try await stage.client.get("\(base)/\(id)")
            #expect(shown["host_status"] == "unreachable")
            #expect(shown["config"] == .null)
            #expect(shown["incomplete_config"]?["image"] == Stage.image)
            let refused = try await stage.client.post("\(base)/\(id)/stop", [:])
            #expect(refused.status == 503)
            let held = try await stage.client.get("/apps/automna-u-1/volumes/\(volume)")
            #expect(held["host_status"] == "unreachable")
            stage.simulator.setHostUnreachable(id, false)
            #expect(try await stage.client.post("\(base)/\(id)/stop", [:]).status == 200)
        }
    }

    @Test func somebodyEditsAMachine() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let before = try await stage.client.get("\(base)/\(id)")["instance_id"]
            #expect(stage.simulator.editMachine(id) { $0["env"] = ["EVIL": "1"] })
            let after = try await stage.client.get("\(base)/\(id)")
            #expect(after["config"]?["env"] == ["EVIL": "1"])
            #expect(after["instance_id"] != before)
            #expect(!stage.simulator.editMachine("nothing") { $0 = [:] })
        }
    }

    @Test(arguments: [
        ("always", 0, "started"), ("on-failure", 0, "stopped"), ("on-failure", 1, "started"), ("no", 1, "stopped"),
    ])
    func theRestartPolicyDecides(policy: String, code: Int, ends: String) async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine(config: ["image": "nginx", "restart": ["policy": .string(policy)]])
            _ = try await stage.state(id)
            stage.simulator.crashMachine(id, exitCode: code)
            let shown = try await stage.client.get("\(base)/\(id)")
            #expect(shown["state"]?.string == ends)
            let exit = shown["events"]?.items?.first { $0["type"] == "exit" }
            #expect(exit?["request"]?["exit_event"]?["exit_code"]?.int == code)
            #expect(exit?["request"]?["exit_event"]?["requested_stop"] == false)
        }
    }

    @Test func checksFollowTheTestUntilTheNextVersion() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let config: JSON = ["image": "nginx", "checks": ["alive": ["type": "tcp", "port": 1]]]
            let id = try await stage.machine(config: config)
            func status() async throws -> JSON? {
                try await stage.client.get("\(base)/\(id)")["checks"]?[0]?["status"]
            }
            #expect(try await status() == "passing")
            stage.simulator.setChecks(id, "critical")
            #expect(try await status() == "critical")
            #expect(stage.simulator.machine(id)?.failingChecks == 1)
            _ = try await stage.client.post("\(base)/\(id)", ["config": config])
            #expect(try await status() == "passing")
        }
    }

    @Test func strangersCountAsLeaks() async throws {
        try await Stage.with { stage in
            try await stage.app()
            _ = try await stage.machine()
            let stranger = try stage.simulator.addStrangerMachine(app: "automna-u-1", name: "stranger")
            #expect(stage.simulator.leaks(expectedApps: ["automna-u-1"]).count == 1)
            stage.simulator.destroyMachine(stranger)
            #expect(stage.simulator.leaks(expectedApps: ["automna-u-1"]).isEmpty)
            #expect(stage.simulator.leaks(expectedApps: []) == ["app automna-u-1 is not expected"])
            #expect(stage.simulator.machines(app: "automna-u-1").count == 2)
        }
    }

    @Test func commandsAreAnsweredByTheTest() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            _ = try await stage.state(id)
            stage.simulator.onExec { _, _, command in .init(exitCode: 3, output: command.joined(separator: " ")) }
            let answer = try await stage.client.post("\(base)/\(id)/exec", ["command": ["echo", "hi"]])
            #expect(answer["exit_code"] == 3)
            #expect(answer["stdout"] == "echo hi")
        }
    }

    @Test func whatTheContractDoesNotKnowIsAViolation() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let config: JSON = ["image": "nginx", "guest": ["cpus": 1, "colour": "red"], "envs": [:]]
            _ = try await stage.client.post(base, ["name": "m", "config": config, "extra": 1])
            _ = try await stage.client.get(base + "?page=2")
            #expect(try await stage.client.get("/apps/automna-u-1/nonsense").status == 404)
            let violations = stage.simulator.violations
            #expect(
                violations.map(\.kind) == [.unknownField, .unknownField, .unknownField, .unknownQuery, .unknownRoute])
            #expect(violations[0].text == "create-machine with .config.envs")
            #expect(violations[1].text == "create-machine with .config.guest.colour")
            #expect(violations[2].text == "create-machine with .extra")
        }
    }

    @Test func theLedgerKeepsBodiesInOrder() async throws {
        try await Stage.with { stage in
            try await stage.app()
            _ = try await stage.machine(config: ["image": "nginx", "env": ["A": "1"]])
            let ledger = stage.simulator.ledger
            #expect(ledger.map(\.action) == ["create-app", "create-machine"])
            #expect(ledger.map(\.sequence) == [1, 2])
            #expect(ledger.map(\.mutating) == [true, true])
            #expect(ledger[1].app == "automna-u-1" && ledger[1].target == "gateway")
            #expect(ledger[1].body?["config"]?["env"] == ["A": "1"])
            stage.simulator.clearLedger()
            _ = try await stage.client.get("/apps/automna-u-1")
            #expect(stage.simulator.ledger.map(\.sequence) == [3])
            #expect(stage.simulator.ledger.map(\.status) == [200])
        }
    }

    @Test func theRestOfTheAPIIsThere() async throws {
        try await Stage.with { stage in
            let regions = try await stage.client.get("/platform/regions")
            #expect(regions["regions"]?.items?.count == 18)
            #expect(try await stage.client.get("/tokens/current")["tokens"]?[0]?["org_slug"] == "personal")
            let placed = try await stage.client.post("/platform/placements", ["org_slug": "personal", "region": "fra"])
            #expect(placed["regions"]?[0]?["region"] == "fra")
        }
    }
}
