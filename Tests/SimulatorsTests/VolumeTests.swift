import Simulators
import Testing

@Suite struct VolumeTests {
    private let base = "/apps/automna-u-1/volumes"

    @Test func namesRepeatAndFieldsAreTheDocumentedOnes() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let answer = try await stage.client.post(
                base, ["name": "data", "region": "iad", "compute": ["cpu_kind": "shared", "cpus": 1]])
            #expect(answer.status == 200)
            for field in ["id", "name", "state", "region", "zone", "created_at", "fstype", "host_status"] {
                #expect(answer[field]?.string != nil, "\(field)")
            }
            for field in ["size_gb", "blocks", "block_size", "blocks_free", "snapshot_retention"] {
                #expect(answer[field]?.int != nil, "\(field)")
            }
            #expect(answer["size_gb"] == 3)
            #expect(answer["encrypted"] == true)
            #expect(answer["attached_machine_id"] == .null)
            #expect(try await stage.volume() != answer["id"]?.string)
            #expect(stage.simulator.liveVolumes(app: "automna-u-1").count == 2)
            #expect(stage.simulator.leaks(expectedApps: ["automna-u-1"]).count == 3)
            #expect(stage.simulator.violations.isEmpty)
        }
    }

    @Test(
        arguments: [
            ["name": "data", "region": "eu"], ["name": "data"], ["name": "Data", "region": "iad"],
            ["name": "data", "region": "iad", "size_gb": 501],
        ] as [JSON])
    func badVolumesAreRefused(body: JSON) async throws {
        try await Stage.with { stage in
            try await stage.app()
            #expect(try await stage.client.post(base, body).status == 422)
        }
    }

    @Test func aVolumeBelongsToOneMachineOfItsRegion() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            let config: JSON = ["image": Stage.image, "mounts": [["volume": .string(volume), "path": "/data"]]]
            let far = try await stage.client.post(
                "/apps/automna-u-1/machines", ["name": "far", "region": "fra", "config": config])
            #expect(far.status == 422)
            let id = try await stage.machine(config: config)
            let shown = try await stage.client.get("/apps/automna-u-1/machines/\(id)")
            #expect(shown["config"]?["mounts"]?[0]?["size_gb"] == 1)
            #expect(try await stage.client.get("\(base)/\(volume)")["attached_machine_id"]?.string == id)
            let second = try await stage.client.post(
                "/apps/automna-u-1/machines", ["name": "second", "region": "iad", "config": config])
            #expect(second.status == 412)
            #expect(try await stage.client.send("DELETE", "\(base)/\(volume)").status == 409)
            _ = try await stage.client.send("DELETE", "/apps/automna-u-1/machines/\(id)?force=true")
            let deleted = try await stage.client.send("DELETE", "\(base)/\(volume)")
            #expect(deleted.status == 200)
            #expect(deleted["state"] == "pending_destroy")
        }
    }

    @Test func deletedVolumesStayInListsForADay() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            _ = try await stage.client.send("DELETE", "\(base)/\(volume)")
            #expect(try await stage.client.get(base)[0]?["state"] == "pending_destroy")
            #expect(stage.simulator.liveVolumes().isEmpty)
            stage.simulator.advance(by: .seconds(24 * 3600))
            #expect(try await stage.client.get(base).body == [])
            #expect(try await stage.client.get("\(base)/\(volume)").status == 404)
        }
    }

    @Test func sizesOnlyGrow() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            #expect(try await stage.client.send("PUT", "\(base)/\(volume)/extend", ["size_gb": 1]).status == 422)
            let grown = try await stage.client.send("PUT", "\(base)/\(volume)/extend", ["size_gb": 5])
            #expect(grown["volume"]?["size_gb"] == 5)
            #expect(grown["needs_restart"] == false)
        }
    }

    @Test func aVolumeTakesItsTimeToBeCreated() async throws {
        try await Stage.with(Stage.options { $0.volumeDelay = .seconds(1) }) { stage in
            try await stage.app()
            let volume = try await stage.volume()
            #expect(try await stage.client.get("\(base)/\(volume)")["state"] == "creating")
            stage.simulator.advance(by: .seconds(1))
            #expect(try await stage.client.get("\(base)/\(volume)")["state"] == "created")
        }
    }

    @Test func snapshotsAreListed() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            #expect(try await stage.client.post("\(base)/\(volume)/snapshots").status == 200)
            let shown = try await stage.client.get("\(base)/\(volume)/snapshots")
            #expect(shown[0]?["id"]?.string?.hasPrefix("vs_") ?? false)
        }
    }
}

extension RawClient.Answer {
    subscript(_ index: Int) -> JSON? { body[index] }
}
