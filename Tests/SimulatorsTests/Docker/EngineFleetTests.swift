import Simulators
import Testing

@Suite("Simulated Docker: a fleet") struct EngineFleetTests {
    /// Fourteen members are recreated with a new image; two of them do not come up and are rolled back.
    @Test func aFleetRollsAnImageWithTwoFailingMembers() async throws {
        try await DockerStage.with { stage in
            let new = "ghcr.io/openclaw/openclaw:2"
            stage.daemon.publish(.init(new), isLocal: true)
            stage.daemon.behave(.init(.crashes(code: 1), image: new, label: "pa.id=p3"))
            stage.daemon.behave(.init(.neverHealthy, image: new, label: "pa.id=p9"))
            let check: JSON = ["Test": ["CMD", "true"], "Interval": 1_000_000_000, "Retries": 2]
            func body(_ number: Int, _ image: String) -> JSON {
                [
                    "Image": .string(image), "Labels": ["pa.id": .string("p\(number)")], "Healthcheck": check,
                    "Env": [.string("PORT=\(18000 + number)")],
                ]
            }
            let host: JSON = ["NetworkMode": "host", "RestartPolicy": ["Name": "unless-stopped"]]
            for number in 1...14 { try await stage.run("pa-\(number)", body(number, DockerStage.image), host: host) }
            for number in 1...14 {
                _ = try await stage.client.post("/containers/pa-\(number)/stop")
                _ = try await stage.client.post("/containers/pa-\(number)/rename?name=pa-\(number)-old")
                try await stage.run("pa-\(number)", body(number, new), host: host)
            }
            let middle = stage.daemon.leaks(expected: [], ours: "pa.id", owner: "pa.id")
            #expect(middle.filter { $0.kind == .temporaryName }.count == 14)
            #expect(middle.filter { $0.kind == .twoForOwner }.count == 14)
            stage.daemon.advance(by: .seconds(3))
            for number in 1...14 {
                let health = try await stage.state("pa-\(number)")
                let isFine = health["Status"] == "running" && health["Health"]?["Status"] == "healthy"
                #expect(isFine == ![3, 9].contains(number))
                if isFine {
                    _ = try await stage.client.send("DELETE", "/containers/pa-\(number)-old")
                } else {
                    _ = try await stage.client.send("DELETE", "/containers/pa-\(number)?force=1")
                    _ = try await stage.client.post("/containers/pa-\(number)-old/rename?name=pa-\(number)")
                    try await stage.start("pa-\(number)")
                }
            }
            let names = Set((1...14).map { "pa-\($0)" })
            #expect(stage.daemon.leaks(expected: names, ours: "pa.id", owner: "pa.id").isEmpty)
            for number in 1...14 {
                #expect(stage.daemon.gateway(of: "pa-\(number)") == .serving(port: 18000 + number))
            }
            #expect(stage.daemon.containers().filter { $0.image == new }.count == 12)
            #expect(stage.daemon.breaches.isEmpty)
        }
    }
}
