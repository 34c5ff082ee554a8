import Simulators
import Testing

@Suite struct LeaseTests {
    private let base = "/apps/automna-u-1/machines"

    @Test func aLeasedMachineNeedsTheNonce() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let lease = try await stage.client.post("\(base)/\(id)/lease", ["ttl": 30, "description": "update"])
            #expect(lease.status == 201)
            #expect(lease["status"] == "success")
            for field in ["nonce", "owner", "description", "version"] {
                #expect(lease["data"]?[field]?.string != nil, "\(field)")
            }
            let nonce = try #require(lease["data"]?["nonce"]?.string)
            let refused = try await stage.client.post("\(base)/\(id)/stop", [:])
            #expect(refused.status == 409)
            let text = refused["error"]?.string ?? ""
            #expect(text.hasPrefix("machine ID \(id) lease currently held by daemon@example.com, expires at 20"))
            #expect(stage.simulator.violations.map(\.kind) == [.missingNonce])
            #expect(try await stage.client.post("\(base)/\(id)/stop", [:], nonce: nonce).status == 200)
            #expect(try await stage.client.post("\(base)/\(id)/lease", ["ttl": 30]).status == 409)
            #expect(try await stage.client.send("DELETE", "\(base)/\(id)/lease").status == 409)
            let released = try await stage.client.send("DELETE", "\(base)/\(id)/lease", nonce: nonce)
            #expect(released["data"]?["ok"] == true)
            #expect(try await stage.client.get("\(base)/\(id)/lease").status == 404)
            #expect(try await stage.client.post("\(base)/\(id)/start").status == 200)
        }
    }

    @Test func aLeaseIsRefreshedAndEndsByItself() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let created = try await stage.client.post(
                base, ["name": "m", "config": ["image": Stage.image], "lease_ttl": 10])
            let id = try #require(created["id"]?.string)
            let nonce = try #require(created["nonce"]?.string)
            stage.simulator.advance(by: .seconds(8))
            #expect(try await stage.client.post("\(base)/\(id)/lease", ["ttl": 10], nonce: nonce).status == 201)
            stage.simulator.advance(by: .seconds(8))
            #expect(try await stage.client.post("\(base)/\(id)/cordon").status == 409)
            stage.simulator.advance(by: .seconds(2))
            #expect(try await stage.client.post("\(base)/\(id)/cordon").status == 200)
        }
    }

    @Test func somebodyElsesLeaseIsNoViolation() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            stage.simulator.holdLease(id, for: .seconds(10))
            let refused = try await stage.client.send("DELETE", "\(base)/\(id)?force=true")
            #expect(refused.status == 409)
            #expect(refused["error"]?.string?.contains("somebody@example.com") ?? false)
            #expect(stage.simulator.violations.isEmpty)
            // Metadata isn't guarded by leases.
            #expect(try await stage.client.post("\(base)/\(id)/metadata/a", ["value": "b"]).status == 204)
        }
    }

    @Test func metadataIsReadWrittenAndMerged() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let id = try await stage.machine()
            let path = "\(base)/\(id)/metadata"
            #expect(try await stage.client.post(path + "/owner", ["value": "converged"]).status == 204)
            #expect(try await stage.client.get(path + "/owner")["value"] == "converged")
            let merged = try await stage.client.send("PATCH", path, ["metadata": ["a": "1", "owner": .null]])
            #expect(merged.status == 204)
            #expect(try await stage.client.get(path).body == ["a": "1"])
            let moved = try await stage.client.send("PUT", path, ["metadata": [:], "machine_version": "old"])
            #expect(moved.status == 412)
            #expect(try await stage.client.send("DELETE", path + "/a").status == 204)
            #expect(try await stage.client.get(path + "/a").status == 404)
        }
    }
}
