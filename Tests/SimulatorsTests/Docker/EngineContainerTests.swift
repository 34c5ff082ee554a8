import Simulators
import Testing

@Suite("Simulated Docker: containers") struct EngineContainerTests {
    @Test func aContainerLivesFromCreateToDelete() async throws {
        try await DockerStage.with { stage in
            let id = try await stage.create("pa-1", ["Labels": ["pa.id": "p1"]])
            #expect(try await stage.state("pa-1")["Status"] == "created")
            #expect(try await stage.client.post("/containers/pa-1/start").status == 204)
            #expect(try await stage.client.post("/containers/pa-1/start").status == 304)
            let shown = try await stage.client.get("/containers/\(id.prefix(12))/json")
            #expect(shown["Name"] == "/pa-1" && shown["Id"]?.string == id)
            #expect(shown["State"]?["Running"] == true && shown["State"]?["Health"] == nil)
            let refusal = try await stage.client.send("DELETE", "/containers/pa-1")
            #expect(refusal.status == 409)
            #expect(refusal.message?.hasPrefix("You cannot remove a running container") ?? false)
            #expect(try await stage.client.post("/containers/pa-1/stop?t=5").status == 204)
            #expect(try await stage.client.post("/containers/pa-1/stop").status == 304)
            #expect(try await stage.client.send("DELETE", "/containers/pa-1?v=1").status == 204)
            let gone = try await stage.client.get("/containers/pa-1/json")
            #expect(gone.status == 404 && gone.message == "No such container: pa-1")
            #expect(stage.daemon.breaches.isEmpty)
        }
    }

    @Test func aNameIsTheKeyOfACreate() async throws {
        try await DockerStage.with { stage in
            let id = try await stage.create("pa-1")
            let body: JSON = ["Image": .string(DockerStage.image)]
            let taken = try await stage.client.post("/containers/create?name=pa-1", body)
            #expect(taken.status == 409)
            #expect(
                taken.message
                    == "Conflict. The container name \"/pa-1\" is already in use by container \"\(id)\". You have to "
                    + "remove (or rename) that container to be able to reuse that name.")
            let bad = try await stage.client.post("/containers/create?name=-x", body)
            #expect(bad.status == 400)
            #expect(bad.message == "Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
            let absent = try await stage.client.post("/containers/create?name=pa-2", ["Image": "nope"])
            #expect(absent.status == 404 && absent.message == "No such image: nope:latest")
            let same = try await stage.client.post("/containers/pa-1/rename?name=pa-1")
            #expect(same.message == "Renaming a container with the same name as its current name")
            #expect(try await stage.client.post("/containers/pa-1/rename?name=pa-1-old").status == 204)
            #expect(try await stage.client.post("/containers/create?name=pa-1", body).status == 201)
            #expect(try await stage.client.post("/containers/pa-1/rename?name=pa-1-old").status == 409)
        }
    }

    @Test func listsAreFiltered() async throws {
        try await DockerStage.with { stage in
            try await stage.run("pa-1", ["Labels": ["pa.id": "p1", "ours": "1"]])
            try await stage.create("pa-10", ["Labels": ["pa.id": "p2", "ours": "1"]])
            func names(_ filter: JSON, all: Bool = true) async throws -> [String] {
                let query = "filters=\(encoded(filter))" + (all ? "&all=1" : "")
                let items = try await stage.client.get("/containers/json?" + query).body.items ?? []
                return items.compactMap { $0["Names"]?[0]?.string }
            }
            #expect(try await names(["label": ["ours"]]) == ["/pa-10", "/pa-1"])
            #expect(try await names(["label": ["ours"]], all: false) == ["/pa-1"])
            #expect(try await names(["label": ["ours", "pa.id=p2"]]) == ["/pa-10"])
            #expect(try await names(["name": ["pa-1"]]).count == 2)
            #expect(try await names(["name": ["^/pa-1$"]]) == ["/pa-1"])
            #expect(try await names(["status": ["created"]], all: false) == ["/pa-10"])
            let wrong = try await stage.client.get("/containers/json?filters=" + encoded(["bogus": ["x"]]))
            #expect(wrong.status == 400 && wrong.message == "Invalid filter 'bogus'")
            #expect(try await stage.client.get("/containers/json?filters=%7Bx").status == 500)
            #expect(stage.daemon.breaches.map(\.kind) == [.unknownFilter, .brokenJSON])
        }
    }

    @Test func aProcessThatIgnoresTermIsKilledAfterItsGrace() async throws {
        try await DockerStage.with { stage in
            stage.daemon.behave(.init(.ignoresTerm, container: "pa-*"))
            try await stage.run("pa-1", host: ["RestartPolicy": ["Name": "unless-stopped"]])
            async let stop = stage.client.post("/containers/pa-1/stop?t=7")
            while !stage.daemon.calls("stop-container").contains(where: { _ in true }) { await Task.yield() }
            #expect(stage.daemon.container("pa-1")?.isRunning ?? false)
            while stage.daemon.container("pa-1")?.isRunning ?? false {
                stage.daemon.advance(by: .seconds(1))
                await Task.yield()
            }
            #expect(try await stop.status == 204)
            #expect(try await stage.state("pa-1")["ExitCode"] == 137)
            #expect(try await stage.state("pa-1")["Status"] == "exited")
            let killed = try await stage.client.post("/containers/pa-1/kill?signal=TERM")
            #expect(killed.status == 409)
            #expect(killed.message?.hasPrefix("Cannot kill container: pa-1: Container ") ?? false)
            let bogus = try await stage.client.post("/containers/pa-1/kill?signal=BOGUS")
            #expect(bogus.status == 400 && bogus.message == "Invalid signal: BOGUS")
        }
    }

    @Test func aCrashingProcessLoopsUntilItIsStopped() async throws {
        try await DockerStage.with { stage in
            stage.daemon.behave(.init(.crashes(code: 3, after: .seconds(1)), label: "pa.id=p2"))
            let host: JSON = ["RestartPolicy": ["Name": "unless-stopped"]]
            try await stage.run("good", ["Labels": ["pa.id": "p1"]], host: host)
            try await stage.run("bad", ["Labels": ["pa.id": "p2"]], host: host)
            stage.daemon.advance(by: .seconds(1))
            let state = try await stage.state("bad")
            #expect(state["Status"] == "restarting" && state["Running"] == true && state["ExitCode"] == 3)
            stage.daemon.advance(by: .seconds(30))
            #expect((stage.daemon.container("bad")?.restartCount ?? 0) > 3)
            #expect(stage.daemon.container("good")?.restartCount == 0)
            #expect(try await stage.client.post("/containers/bad/stop").status == 204)
            stage.daemon.advance(by: .seconds(300))
            #expect(try await stage.state("bad")["Status"] == "exited")
        }
    }

    @Test func memoryAndHealthAreTold() async throws {
        try await DockerStage.with { stage in
            stage.daemon.behave(.init(.oom(after: .seconds(2)), container: "fat"))
            stage.daemon.behave(.init(.healthy(after: .seconds(20)), container: "slow"))
            stage.daemon.behave(.init(.neverHealthy, container: "sick"))
            let check: JSON = ["Healthcheck": ["Test": ["CMD", "true"], "Interval": 1_000_000_000, "Retries": 3]]
            for name in ["fat", "slow", "sick"] { try await stage.run(name, check) }
            stage.daemon.advance(by: .seconds(3))
            let fat = try await stage.state("fat")
            #expect(fat["OOMKilled"] == true && fat["ExitCode"] == 137 && fat["Status"] == "exited")
            #expect(try await stage.state("slow")["Health"]?["Status"] == "starting")
            #expect(try await stage.state("sick")["Health"]?["Status"] == "unhealthy")
            stage.daemon.advance(by: .seconds(20))
            #expect(try await stage.state("slow")["Health"]?["Status"] == "healthy")
        }
    }

    @Test func hostNetworkingLetsTheSecondOneStartAndFail() async throws {
        try await DockerStage.with { stage in
            let env: JSON = ["Env": ["PORT=18789"]]
            let host: JSON = ["NetworkMode": "host", "RestartPolicy": ["Name": "unless-stopped"]]
            try await stage.run("pa-1", env, host: host)
            try await stage.run("pa-1-new", env, host: host)
            #expect(stage.daemon.gateway(of: "pa-1") == .serving(port: 18789))
            #expect(stage.daemon.gateway(of: "pa-1-new") == .portTaken(port: 18789))
            stage.daemon.advance(by: .seconds(1))
            #expect(try await stage.state("pa-1-new")["Status"] == "restarting")
            let logs = try await stage.client.get("/containers/pa-1-new/logs?stdout=1&stderr=1")
            #expect(DockerStage.frames(logs.bytes).first?.text.contains("EADDRINUSE") ?? false)
            #expect(try await stage.client.post("/containers/pa-1/stop").status == 204)
            stage.daemon.advance(by: .seconds(10))
            #expect(stage.daemon.gateway(of: "pa-1-new") == .serving(port: 18789))
        }
    }
}
