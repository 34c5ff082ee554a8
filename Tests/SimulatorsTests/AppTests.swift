import Simulators
import Testing

@Suite struct AppTests {
    @Test func anAppIsMadeOnceAndItsNameIsTakenThen() async throws {
        try await Stage.with { stage in
            let body: JSON = ["app_name": "automna-u-1", "org_slug": "personal", "network": "own"]
            let made = try await stage.client.post("/apps", body)
            #expect(made.status == 201)
            #expect(made["id"]?.string != nil && made["created_at"]?.int != nil)
            #expect(made.headers["fly-request-id"] != nil)
            let again = try await stage.client.post("/apps", ["name": "automna-u-1", "org_slug": "personal"])
            #expect(again.status == 422)
            #expect(again["status"] == "name_taken")
            let app = try await stage.client.get("/apps/automna-u-1")
            #expect(app["network"] == "own")
            #expect(app["organization"]?["slug"] == "personal")
            #expect(app["machine_count"] == 0)
            #expect(stage.simulator.violations.isEmpty)
        }
    }

    @Test(arguments: ["", "Upper", "under_score", "-dash", String(repeating: "x", count: 63)])
    func badNamesAreRefused(name: String) async throws {
        try await Stage.with { stage in
            let answer = try await stage.client.post("/apps", ["app_name": .string(name), "org_slug": "personal"])
            #expect(answer.status == 422)
            #expect(answer["error"]?.string?.contains("under 63 chars") ?? false)
        }
    }

    @Test func foreignAppsAreForbiddenAndUnknownOnesNotFound() async throws {
        try await Stage.with { stage in
            stage.simulator.addForeignApp("theirs")
            #expect(try await stage.client.get("/apps/theirs").status == 403)
            #expect(try await stage.client.post("/apps/theirs/machines", [:]).status == 403)
            let none = try await stage.client.get("/apps/nobodys")
            #expect(none.status == 404)
            #expect(none["error"] == "app not found")
            let taken = try await stage.client.post("/apps", ["app_name": "theirs", "org_slug": "personal"])
            #expect(taken["status"] == "name_taken")
        }
    }

    @Test func aNewAppIsNotFoundForAMoment() async throws {
        try await Stage.with(Stage.options { $0.appReadyDelay = .seconds(3) }) { stage in
            try await stage.app()
            #expect(try await stage.client.get("/apps/automna-u-1").status == 404)
            stage.simulator.advance(by: .seconds(3))
            #expect(try await stage.client.get("/apps/automna-u-1").status == 200)
        }
    }

    @Test func deletingAnAppTakesEverythingWithIt() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            let mounts: JSON = [["volume": .string(volume), "path": "/data"]]
            let machine = try await stage.machine(config: ["image": Stage.image, "mounts": mounts])
            _ = try await stage.client.get("/apps/automna-u-1/machines/\(machine)/wait?state=started")
            #expect(try await stage.client.send("DELETE", "/apps/automna-u-1").status == 412)
            #expect(try await stage.client.send("DELETE", "/apps/automna-u-1?force=true").status == 202)
            #expect(try await stage.client.get("/apps/automna-u-1").status == 404)
            #expect(stage.simulator.liveMachines().isEmpty && stage.simulator.liveVolumes().isEmpty)
            #expect(stage.simulator.leaks(expectedApps: []).isEmpty)
        }
    }

    @Test func onlyTheTokenOpensTheDoor() async throws {
        try await Stage.with { stage in
            try await stage.app()
            for (header, status) in [("Bearer x", 401), ("FlyV1 \(stage.simulator.token)", 200), ("", 401)] {
                let answer = try await stage.client.get("/apps/automna-u-1", headers: ["Authorization": header])
                #expect(answer.status == status, "\(header)")
                if status == 401 { #expect(answer["error"] == "Authenticate: token validation error") }
            }
        }
    }

    @Test func addressesPileUpExceptTheSharedOne() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let path = "/apps/automna-u-1/ip_assignments"
            let shared = try await stage.client.post(path, ["type": "shared_v4"])
            #expect(shared.status == 200)
            #expect(shared["shared"] == true)
            #expect(try await stage.client.post(path, ["type": "shared_v4"]).status == 409)
            let first = try await stage.client.post(path, ["type": "v6"])
            _ = try await stage.client.post(path, ["type": "v6"])
            #expect(try await stage.client.get(path)["ips"]?.items?.count == 3)
            #expect(stage.simulator.leaks(expectedApps: ["automna-u-1"]).count == 1)
            let address = try #require(first["ip"]?.string)
            #expect(try await stage.client.send("DELETE", path + "/" + address).status == 204)
            #expect(try await stage.client.send("DELETE", path + "/" + address).status == 404)
            #expect(stage.simulator.leaks(expectedApps: ["automna-u-1"]).isEmpty)
        }
    }

    @Test func secretsHaveVersionsThatHostsLearnLater() async throws {
        try await Stage.with(Stage.options { $0.secretsDelay = .seconds(2) }) { stage in
            try await stage.app()
            let path = "/apps/automna-u-1/secrets"
            let set = try await stage.client.post(path, ["values": ["ONE": "1", "TWO": "2"]])
            #expect(set["version"] == 1)
            #expect(set["secrets"]?.items?.count == 2)
            #expect(!set.text.contains("\"value\""))
            #expect(try await stage.client.post(path + "/ONE", ["value": "3"]).status == 201)
            let body: JSON = ["name": "m", "config": ["image": Stage.image], "min_secrets_version": 2]
            #expect(try await stage.client.post("/apps/automna-u-1/machines", body).status == 412)
            stage.simulator.advance(by: .seconds(2))
            #expect(try await stage.client.post("/apps/automna-u-1/machines", body).status == 200)
            #expect(try await stage.client.post(path, ["values": ["ONE": .null]])["version"] == 3)
            #expect(stage.simulator.app("automna-u-1")?.secrets == ["TWO": "2"])
        }
    }
}
