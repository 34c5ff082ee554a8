import Foundation
import Simulators
import Testing

@Suite("Simulated Docker: faults, events, breaches") struct EngineFaultTests {
    @Test func repliesAreLostBeforeAndAfterProcessing() async throws {
        try await DockerStage.with { stage in
            stage.daemon.inject(.init(.refused, on: "create-container", object: "pa-1"))
            stage.daemon.inject(.init(.lostReply, on: "create-container", object: "pa-1", after: 0))
            for _ in 0..<2 {
                await #expect(throws: SocketClient.HungUp.self) {
                    try await stage.client.post(
                        "/containers/create?name=pa-1", ["Image": .string(DockerStage.image)])
                }
            }
            #expect(stage.daemon.containers().map(\.name) == ["pa-1"])
            #expect(stage.daemon.calls("create-container", object: "pa-1").map(\.status) == [0, 201])
            stage.daemon.inject(.init(.status(503, "busy"), on: "mutating", object: "pa-1"))
            let busy = try await stage.client.post("/containers/pa-1/start")
            #expect(busy.status == 503 && busy.message == "busy")
            #expect(try await stage.client.post("/containers/pa-1/start").status == 204)
        }
    }

    @Test func aRestartOfTheDaemonCutsStreamsAndRefusesForAWhile() async throws {
        try await DockerStage.with { stage in
            try await stage.run("pa-1", host: ["RestartPolicy": ["Name": "unless-stopped"]])
            async let events = stage.client.get("/events")
            await stage.arrival(of: "watch-events")
            stage.daemon.restartDaemon(for: .seconds(5), keepsContainers: false)
            #expect(try await !events.isWhole)
            #expect(stage.daemon.container("pa-1")?.state == "exited")
            await #expect(throws: SocketClient.HungUp.self) { try await stage.client.get("/version") }
            stage.daemon.advance(by: .seconds(5))
            #expect(try await stage.client.get("/version").status == 200)
            #expect(stage.daemon.container("pa-1")?.isRunning ?? false)
        }
    }

    @Test func eventsComeInTheOrderOfTheRealOnes() async throws {
        try await DockerStage.with { stage in
            try await stage.run("pa-1", ["Labels": ["pa.id": "p1"]])
            try await stage.run("other")
            stage.daemon.onExec(.init("true"))
            _ = try await stage.exec(["true"], in: "pa-1")
            _ = try await stage.client.post("/containers/pa-1/stop")
            _ = try await stage.client.send("DELETE", "/containers/pa-1")
            let until = Int(Date().timeIntervalSince1970) + 100
            stage.daemon.advance(by: .seconds(200))
            let filter = encoded(["label": ["pa.id=p1"], "type": ["container"]])
            let stream = try await stage.client.get("/events?since=0&until=\(until)&filters=\(filter)")
            #expect(stream.isWhole)
            let lines = stream.text.split(separator: "\n").compactMap { try? JSON(parsing: String($0)) }
            let actions = lines.compactMap { $0["Action"]?.string }
            #expect(
                actions == [
                    "create", "start", "exec_create: true", "exec_start: true", "exec_die", "kill", "die", "stop",
                    "destroy",
                ])
            #expect(lines[6]["Actor"]?["Attributes"]?["exitCode"] == "0")
            #expect(lines[0]["from"]?.string == DockerStage.image)
        }
    }

    @Test func waitsEndWithTheProcess() async throws {
        try await DockerStage.with { stage in
            stage.daemon.behave(.init(.crashes(code: 7, after: .seconds(4))))
            try await stage.run("job")
            async let wait = stage.client.post("/containers/job/wait")
            await stage.arrival(of: "wait-container")
            stage.daemon.advance(by: .seconds(4))
            #expect(try await wait.body == ["StatusCode": 7, "Error": .null])
        }
    }

    @Test func whatTheContractDoesNotKnowIsNoted() async throws {
        try await DockerStage.with { stage in
            let page = try await stage.client.get("/swarm")
            #expect(page.status == 404 && page.message == "page not found")
            _ = try await stage.client.get("/containers/json?every=1")
            _ = try await stage.client.post(
                "/containers/create?name=pa-1", ["Image": .string(DockerStage.image), "HostConfig": ["Bindz": []]])
            let broken = try await stage.client.send(
                "POST", "/containers/create?name=pa-2", bytes: Array("{".utf8),
                headers: ["Content-Type": "application/json"])
            #expect(broken.status == 500 && broken.message == "unexpected EOF")
            #expect(
                stage.daemon.breaches.map(\.kind) == [.unknownRoute, .unknownQuery, .unknownField, .brokenJSON])
        }
    }

    @Test func versionsAreNegotiated() async throws {
        try await DockerStage.with { stage in
            var client = stage.client
            client.version = ""
            let ping = try await client.get("/_ping")
            #expect(ping.text == "OK" && ping.headers["api-version"] == "1.41")
            client.version = "/v1.99"
            let new = try await client.get("/version")
            #expect(new.message == "client version 1.99 is too new. Maximum supported API version is 1.41")
            client.version = "/v1.11"
            let old = try await client.get("/version")
            #expect(old.status == 400 && old.headers["content-type"]?.hasPrefix("text/plain") ?? false)
            client.door = .tcp(UInt16(stage.daemon.port))
            client.version = "/v1.41"
            #expect(try await client.get("/version")["ApiVersion"] == "1.41")
        }
    }
}
