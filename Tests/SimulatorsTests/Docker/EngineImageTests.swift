import Simulators
import Testing

@Suite("Simulated Docker: images, networks, volumes") struct EngineImageTests {
    private let pull = "/images/create?fromImage=ghcr.io/openclaw/openclaw&tag=2"

    @Test func aPullTellsItsProgress() async throws {
        try await DockerStage.with { stage in
            let unknown = try await stage.client.post(pull)
            #expect(unknown.status == 500 && unknown.message?.contains("manifest unknown") ?? false)
            stage.daemon.publish(.init("ghcr.io/openclaw/openclaw:2"))
            let done = try await stage.client.post(pull)
            #expect(done.status == 200 && done.isWhole)
            #expect(done.text.contains("Status: Downloaded newer image for ghcr.io/openclaw/openclaw:2"))
            #expect(try await stage.client.post(pull).text.contains("Image is up to date"))
            let image = try await stage.client.get("/images/ghcr.io/openclaw/openclaw:2/json")
            #expect(image["RepoTags"]?[0] == "ghcr.io/openclaw/openclaw:2")
            let absent = try await stage.client.get("/images/nope/json")
            #expect(absent.status == 404 && absent.message == "no such image: nope: No such image: nope:latest")
            let private1 = try await stage.client.post("/images/create?fromImage=ghcr.io/other/x&tag=1")
            #expect(private1.status == 404)
        }
    }

    @Test func pullsFailBeforeAndInTheStream() async throws {
        try await DockerStage.with { stage in
            stage.daemon.publish(.init("ghcr.io/openclaw/openclaw:2"))
            stage.daemon.failPulls(of: "*:2", .unreachable, times: 1)
            #expect(try await stage.client.post(pull).status == 500)
            stage.daemon.failPulls(of: "*:2", .diskFull, times: 1)
            let full = try await stage.client.post(pull)
            #expect(full.status == 200 && full.text.contains("errorDetail"))
            #expect(full.text.contains("no space left on device"))
            #expect(stage.daemon.images().count == 1)
            stage.daemon.inject(.init(.cut(afterBytes: 40), on: "pull-image"))
            let cut = try await stage.client.post(pull)
            #expect(cut.status == 200 && cut.bytes.count == 40 && !cut.isWhole)
            #expect(stage.daemon.images().count == 2)
        }
    }

    @Test func aTagMovesAndAnImageInUseStays() async throws {
        try await DockerStage.with { stage in
            try await stage.run("pa-1")
            let old = try #require(stage.daemon.container("pa-1")?.imageID)
            stage.daemon.publish(.init(DockerStage.image))
            _ = try await stage.client.post("/images/create?fromImage=ghcr.io/openclaw/openclaw&tag=1")
            #expect(stage.daemon.images().map(\.tags.count).sorted() == [0, 1])
            #expect(try await stage.client.send("DELETE", "/images/\(old)").status == 409)
            _ = try await stage.client.send("DELETE", "/containers/pa-1?force=1")
            #expect(try await stage.client.send("DELETE", "/images/\(old)").status == 200)
            #expect(stage.daemon.images().count == 1)
        }
    }

    @Test func networksAndVolumesAreKept() async throws {
        try await DockerStage.with { stage in
            let make: JSON = ["Name": "pas", "CheckDuplicate": true, "Labels": ["ours": "1"]]
            #expect(try await stage.client.post("/networks/create", make).status == 201)
            #expect(try await stage.client.post("/networks/create", make).status == 409)
            let list = try await stage.client.get("/networks?filters=" + encoded(["label": ["ours"]]))
            #expect(list.body.items?.count == 1 && list[""] == nil)
            #expect(try await stage.client.send("DELETE", "/networks/bridge").status == 403)
            #expect(try await stage.client.send("DELETE", "/networks/pas").status == 204)
            #expect(try await stage.client.get("/networks/pas").message == "network pas not found")
            #expect(try await stage.client.post("/volumes/create", ["Name": "data-1"]).status == 201)
            try await stage.create("pa-1", host: ["Binds": ["data-1:/data"]])
            #expect(try await stage.client.send("DELETE", "/volumes/data-1").status == 409)
            _ = try await stage.client.send("DELETE", "/containers/pa-1")
            #expect(try await stage.client.send("DELETE", "/volumes/data-1").status == 204)
            #expect(try await stage.client.get("/volumes/data-1").message == "get data-1: no such volume")
        }
    }
}
