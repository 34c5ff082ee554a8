import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What people do to a container and to its files by hand, and what becomes of it.
@Suite struct ContainerMeddlingTests {
    @Test func whoWasPausedByHandRunsOnAndItIsTold() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            lane.docker.clearLedger()
            lane.docker.pause("pa-ada")
            #expect(lane.docker.container("pa-ada")?.state == "paused")
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            let after = try #require(lane.docker.container("pa-ada"))
            #expect(after.id == before.id && after.isRunning && after.restartCount == before.restartCount)
            #expect(lane.docker.calls("unpause-container").count == 1)
            for action in ["restart-container", "stop-container", "create-container"] {
                #expect(lane.docker.calls(action).isEmpty)
            }
            let told: [String] = try await lane.admin.query(
                "select message from converged.events where kind = 'pa' and reason = 'Unpaused'"
            ).column(0)
            #expect(told.count == 1 && told[0].hasPrefix("pa-ada was paused by hand"))
        }
    }

    /// A row that wants it stopped is no reason to thaw it first.
    @Test func aPausedOneThatIsToStopStops() async throws {
        try await ContainerLane.run { lane, pa in
            lane.docker.pause("pa-ada")
            try await lane.change(pa, "desired_state = 'stopped'")
            try await lane.settle(pa, "Stopped")
            #expect(lane.docker.container("pa-ada")?.state == "exited")
            #expect(lane.docker.calls("unpause-container").isEmpty)
        }
    }
}

/// openclaw.json is the row's, the gateway's and its owner's: each one's part follows its own word.
@Suite struct ConfigFollowsTests {
    private static let path = ContainerLane.dataPath + "/openclaw.json"

    private func config(_ lane: ContainerLane) throws -> [String: Any] {
        let text = try #require(lane.docker.hostFile(Self.path)).text
        return try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// As the gateway or its owner would.
    private func edit(_ lane: ContainerLane, _ body: (inout [String: Any]) -> Void) throws {
        var config = try config(lane)
        body(&config)
        var file = try #require(lane.docker.hostFile(Self.path))
        file.bytes = Array(try JSONSerialization.data(withJSONObject: config))
        lane.docker.setHostFile(Self.path, file)
    }

    private func set(_ config: String, _ lane: ContainerLane, _ pa: UUID) async throws {
        try await lane.change(pa, "config = \(config)::jsonb")
        try await lane.settle(pa, "Running")
    }

    @Test func whatTheRowSaysNoLongerGoesAndWhatOthersWroteStays() async throws {
        try await ContainerLane.run { lane, pa in
            try await set(
                #"{"tools": {"deny": ["exec"], "allow": ["read"]}, "cron": {"jobs": {"a/b": 1}}, "theme": "dark"}"#,
                lane, pa)
            try edit(lane) {
                $0["meta"] = ["lastTouched": "2026.2.22"]
                $0["theme"] = "light"
                var tools = $0["tools"] as? [String: Any] ?? [:]
                tools["profile"] = "mine"
                $0["tools"] = tools
            }
            try await set(#"{"tools": {"allow": ["read"]}}"#, lane, pa)
            let file = try config(lane)
            let tools = try #require(file["tools"] as? [String: Any])
            #expect(tools["deny"] == nil && tools["allow"] as? [String] == ["read"])
            #expect(tools["profile"] as? String == "mine", "the owner's")
            #expect(file["cron"] == nil, "nothing is left of it")
            #expect(file["theme"] as? String == "light", "somebody changed it: it is theirs now")
            #expect((file["meta"] as? [String: Any])?["lastTouched"] as? String == "2026.2.22")
            #expect((file["gateway"] as? [String: Any])?["mode"] as? String == "local")
        }
    }

    @Test func aWayBackForgetsNothing() async throws {
        try await ContainerLane.run { lane, pa in
            try await set(#"{"tools": {"deny": ["exec"]}}"#, lane, pa)
            try await lane.change(pa, "config = '{}', image = \(ContainerLane.brokenImage)")
            try await lane.settle(pa, "RolledBack")
            #expect(try config(lane)["tools"] != nil, "the file that the former container had")
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            try await lane.settle(pa, "Running")
            #expect(try config(lane)["tools"] == nil)
        }
    }

    @Test func noValueIsRemembered() async throws {
        try await ContainerLane.run { lane, pa in
            try await set(#"{"channels": {"telegram": {"botToken": "word-of-mouth"}}}"#, lane, pa)
            let claims: [String] = try await lane.admin.query("select unnest(claims) from converged.containers").column(
                0)
            #expect(claims.count == 1 && claims[0].hasSuffix(" /channels/telegram/botToken"))
            #expect(!claims[0].contains("word-of-mouth"))
        }
    }
}
