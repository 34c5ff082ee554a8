import Simulators
import Testing

@Suite("Simulated Docker: a crash at every call") struct EngineCrashTests {
    /// Recreates `pa-1` with a new image and installs what its layer lost. Begins anywhere; any lost call ends it.
    private func recreate(_ stage: DockerStage, _ image: String) async throws {
        let client = stage.client
        let current = try await client.get("/containers/pa-1/json")
        if current.status == 200, current["Config"]?["Image"]?.string != image {
            _ = try await client.post("/containers/pa-1/stop")
            _ = try await client.post("/containers/pa-1/rename?name=pa-1-old")
        }
        if try await client.get("/containers/pa-1/json").status == 404 {
            _ = try await client.post(
                "/containers/create?name=pa-1", ["Image": .string(image), "Labels": ["pa.id": "p1"]])
        }
        _ = try await client.post("/containers/pa-1/start")
        if try await stage.exec(["which", "chromium"], in: "pa-1").code != 0 {
            _ = try await stage.exec(["install", "chromium"], in: "pa-1")
        }
        if try await client.get("/containers/pa-1-old/json").status == 200 {
            _ = try await client.send("DELETE", "/containers/pa-1-old?force=1")
        }
    }

    private func run(crashAt number: Int, _ effect: DockerSimulator.Effect) async throws -> Bool {
        var hasCrashed = false
        try await DockerStage.with { stage in
            let new = "ghcr.io/openclaw/openclaw:2"
            stage.daemon.publish(.init(new), isLocal: true)
            stage.daemon.onExec(.init("which chromium", exitCode: 1))
            stage.daemon.onExec(.init("which chromium") { $0.needs = ["chromium"] })
            stage.daemon.onExec(.init("install chromium") { $0.marks = ["chromium"] })
            try await stage.run("pa-1", ["Labels": ["pa.id": "p1"]])
            stage.daemon.inject(.init(effect, after: number))
            do { try await recreate(stage, new) } catch is SocketClient.HungUp {
                hasCrashed = true
                try await recreate(stage, new)
            }
            #expect(stage.daemon.leaks(expected: ["pa-1"], ours: "pa.id", owner: "pa.id").isEmpty, "call \(number)")
            #expect(stage.daemon.container("pa-1")?.image == new)
            #expect(stage.daemon.container("pa-1")?.marks == ["chromium"])
            #expect(stage.daemon.container("pa-1")?.isRunning ?? false)
        }
        return hasCrashed
    }

    @Test(arguments: [.lostReply, .refused] as [DockerSimulator.Effect])
    func aRecreateIsFinishedByWhoeverComesNext(effect: DockerSimulator.Effect) async throws {
        var number = 0
        while try await run(crashAt: number, effect) { number += 1 }
        #expect(number > 12)
    }

    /// Where the clock runs by itself, what is due happens though nobody calls.
    @Test func theClockOfTheWorldRuns() async throws {
        let real: (inout DockerSimulator.Options) -> Void = { $0.clock = .real }
        try await DockerStage.with(real) { stage in
            stage.daemon.behave(.init(.crashes(code: 7, after: .milliseconds(30)), container: "job"))
            stage.daemon.behave(.init(.ignoresTerm, container: "deaf"))
            stage.daemon.onExec(.init("slow", output: "done") { $0.duration = .milliseconds(30) })
            try await stage.run("job")
            #expect(try await stage.client.post("/containers/job/wait")["StatusCode"] == 7)
            try await stage.run("deaf")
            #expect(try await stage.exec(["slow"], in: "deaf") == ("done", 0))
            #expect(try await stage.client.post("/containers/deaf/stop?t=1").status == 204)
            #expect(stage.daemon.container("deaf")?.exitCode == 137)
        }
    }
}
