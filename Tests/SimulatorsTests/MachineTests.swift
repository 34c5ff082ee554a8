import Simulators
import Testing

@Suite struct MachineTests {
    private let base = "/apps/automna-u-1/machines"

    @Test func aMachineBootsInItsTime() async throws {
        try await Stage.with(
            Stage.options {
                $0.bootDelay = .seconds(4)
                $0.checkDelay = .seconds(2)
            }
        ) { stage in
            try await stage.app()
            let checks: JSON = ["alive": ["type": "http", "port": 18789, "interval": "60s"]]
            let id = try await stage.machine(config: ["image": Stage.image, "checks": checks])
            #expect(try await stage.state(id) == "created")
            let early = try await stage.client.post("\(base)/\(id)/start")
            #expect(early.status == 412)
            #expect(early["error"]?.string?.contains("unable to start machine from current state: 'created'") ?? false)
            stage.simulator.advance(by: .seconds(2))
            #expect(try await stage.state(id) == "starting")
            stage.simulator.advance(by: .seconds(2))
            let started = try await stage.client.get("\(base)/\(id)")
            #expect(started["state"] == "started")
            #expect(started["checks"]?[0]?["name"] == "alive")
            #expect(started["checks"]?[0]?["status"] == "critical")
            stage.simulator.advance(by: .seconds(2))
            #expect(try await stage.client.get("\(base)/\(id)")["checks"]?[0]?["status"] == "passing")
        }
    }

    @Test func theAnswerHasTheDocumentedFields() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let machine = try await stage.client.get("\(base)/\(id)")
            let strings = [
                "id", "name", "state", "region", "instance_id", "private_ip", "created_at", "updated_at", "host_status",
            ]
            for field in strings { #expect(machine[field]?.string != nil, "\(field)") }
            #expect(machine["id"]?.string?.count == 14)
            #expect(machine["instance_id"]?.string?.count == 26)
            for field in ["registry", "repository", "tag", "digest"] {
                #expect(machine["image_ref"]?[field]?.string != nil, "\(field)")
            }
            #expect(machine["image_ref"]?["registry"] == "ghcr.io")
            #expect(machine["image_ref"]?["tag"] == "2026.2.22")
            let event = try #require(machine["events"]?.items?.last)
            for field in ["id", "type", "status", "source"] { #expect(event[field]?.string != nil, "\(field)") }
            #expect(event["type"] == "launch")
            #expect(event["timestamp"]?.int != nil)
        }
    }

    @Test func theEchoedConfigurationHasDefaultsAndGoDurations() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let sent: JSON = [
                "image": Stage.image, "env": ["A": "b"], "stop_config": ["timeout": "90s"],
                "services": [["internal_port": 18789, "autostop": true]],
            ]
            let id = try await stage.machine(config: sent)
            let echoed = try #require(try await stage.client.get("\(base)/\(id)")["config"])
            #expect(echoed != sent)
            #expect(echoed["env"] == sent["env"])
            #expect(echoed["stop_config"]?["timeout"] == "1m30s")
            #expect(echoed["services"]?[0]?["autostop"] == "stop")
            #expect(echoed["guest"] == ["cpu_kind": "shared", "cpus": 1, "memory_mb": 256])
            #expect(echoed["restart"] == ["policy": "on-failure", "max_retries": 10])
            #expect(echoed["dns"] == [:])
        }
    }

    @Test func aNameIsUniqueWhileItsMachineLives() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let again = try await stage.client.post(base, ["name": "gateway", "config": ["image": Stage.image]])
            #expect(again.status == 409)
            #expect(
                again["error"]?.string
                    == "already_exists: unique machine name violation, machine ID \(id) already exists with name \"gateway\""
            )
            #expect(try await stage.client.send("DELETE", "\(base)/\(id)?force=true").status == 200)
            let next = try await stage.machine()
            #expect(next != id)
        }
    }

    @Test func anUpdateMakesANewVersionAndKeepsAStoppedMachineStopped() async throws {
        try await Stage.with(Stage.options { $0.replaceDelay = .seconds(1) }) { stage in
            try await stage.app()
            let id = try await stage.machine()
            let before = try await stage.client.get("\(base)/\(id)")
            let body: JSON = ["config": ["image": Stage.image, "env": ["A": "1"]]]
            let update = try await stage.client.post("\(base)/\(id)", body)
            #expect(update.status == 200)
            #expect(update["instance_id"] != before["instance_id"])
            #expect(update["state"] == "replacing")
            let refused = try await stage.client.post("\(base)/\(id)/start")
            #expect(refused.status == 412)
            #expect(refused["error"] == "failed_precondition: machine getting replaced, refusing to start")
            stage.simulator.advance(by: .seconds(1))
            #expect(try await stage.state(id) == "started")
            _ = try await stage.client.post("\(base)/\(id)/stop", [:])
            #expect(try await stage.state(id) == "stopped")
            #expect(try await stage.client.post("\(base)/\(id)", body).status == 200)
            stage.simulator.advance(by: .seconds(1))
            #expect(try await stage.state(id) == "stopped")
            #expect(try await stage.client.post("\(base)/\(id)/start")["previous_state"] == "stopped")
            #expect(try await stage.state(id) == "started")
            #expect(try await stage.client.get("\(base)/\(id)/versions").body.items?.count == 3)
        }
    }

    @Test func whatAnUpdateMayNotDo() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let old: JSON = ["config": ["image": Stage.image], "current_version": "01HQ73A7BFFDF1B6WMGHFZZ4E7"]
            let raced = try await stage.client.post("\(base)/\(id)", old)
            #expect(raced.status == 409)
            #expect(raced["error"] == "aborted: machine update failed due to concurrent update")
            let renamed = try await stage.client.post(
                "\(base)/\(id)", ["config": ["image": Stage.image], "name": "other"])
            #expect(renamed.status == 400)
            #expect(stage.simulator.violations.map(\.kind) == [.immutableField])
            let volume = try await stage.volume()
            let mounts: JSON = [["volume": .string(volume), "path": "/data"]]
            let mounted = try await stage.client.post(
                "\(base)/\(id)", ["config": ["image": Stage.image, "mounts": mounts]])
            #expect(mounted.status == 400)
        }
    }

    @Test func aDestroyedMachineIsShownForAWhile() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            _ = try await stage.client.get("\(base)/\(id)/wait?state=started")
            #expect(try await stage.client.send("DELETE", "\(base)/\(id)").status == 412)
            #expect(try await stage.client.send("DELETE", "\(base)/\(id)?force=true")["ok"] == true)
            #expect(try await stage.state(id) == "destroyed")
            #expect(try await stage.client.get(base).body.items?.isEmpty ?? false)
            #expect(try await stage.client.get(base + "?include_deleted=true").body.items?.count == 1)
            #expect(try await stage.client.send("DELETE", "\(base)/\(id)?force=true").status == 404)
            stage.simulator.advance(by: .seconds(60))
            #expect(try await stage.client.get("\(base)/\(id)").status == 404)
        }
    }

    @Test(arguments: [
        ("registry.example/nosuchimage:1", "failed"), ("registry.example/nolaunch:1", "destroyed"),
    ])
    func anImageThatCannotRunIsAcceptedFirst(image: String, ends: String) async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine(config: ["image": .string(image)])
            #expect(try await stage.state(id) == ends)
        }
    }

    @Test(
        arguments: [
            ["image": "Not An Image"], ["env": ["A": "1"]], ["image": "a", "env": ["A": 1]],
            ["image": "a", "guest": ["memory_mb": 300]], ["image": "a", "checks": ["x": ["type": "icmp"]]],
            ["image": "a", "stop_config": ["timeout": "soon"]], ["image": "a", "restart": ["policy": "sometimes"]],
        ] as [JSON])
    func badConfigurationsAreRefused(config: JSON) async throws {
        try await Stage.with { stage in
            try await stage.app()
            let answer = try await stage.client.post(base, ["name": "m", "config": config])
            #expect(answer.status == 400)
            #expect(answer["error"]?.string?.isEmpty == false)
            #expect(stage.simulator.machines().isEmpty)
        }
    }
}
