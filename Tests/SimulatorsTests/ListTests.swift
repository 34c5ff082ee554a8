import Simulators
import Testing

@Suite struct ListTests {
    private let base = "/apps/automna-u-1/machines"

    @Test func listsAreFiltered() async throws {
        try await Stage.with { stage in
            try await stage.app()
            _ = try await stage.machine(name: "one", config: ["image": "a", "metadata": ["owner": "converged"]])
            let two = try await stage.machine(name: "two", config: ["image": "a"])
            _ = try await stage.client.get("\(base)/\(two)/wait")
            stage.simulator.stopMachine(two)
            func names(_ query: String) async throws -> [String] {
                try await stage.client.get(base + query).body.items?.compactMap { $0["name"]?.string } ?? []
            }
            #expect(try await names("") == ["one", "two"])
            #expect(try await names("?metadata.owner=converged") == ["one"])
            #expect(try await names("?state=stopped,failed") == ["two"])
            #expect(try await names("?region=fra") == [])
            #expect(try await stage.client.get(base + "?summary=true")[0]?["config"] == nil)
            #expect(stage.simulator.violations.isEmpty)
        }
    }

    @Test func aListIsBehindByTime() async throws {
        try await Stage.with(Stage.options { $0.listLag = .seconds(5) }) { stage in
            try await stage.app()
            let id = try await stage.machine()
            #expect(try await stage.client.get(base).body == [])
            #expect(try await stage.client.get("/orgs/personal/machines")["machines"] == [])
            #expect(try await stage.state(id) == "started")
            stage.simulator.advance(by: .seconds(5))
            #expect(try await stage.client.get(base).body.items?.count == 1)
            #expect(try await stage.client.get("/orgs/personal/machines")["machines"]?.items?.count == 1)
            stage.simulator.destroyMachine(id)
            #expect(try await stage.client.get(base)[0]?["state"] == "started")
            stage.simulator.advance(by: .seconds(5))
            #expect(try await stage.client.get(base).body == [])
        }
    }

    @Test func aListIsBehindByCount() async throws {
        try await Stage.with(Stage.options { $0.listLagCount = 2 }) { stage in
            try await stage.app()
            _ = try await stage.machine()
            for expected in [0, 0, 1] {
                #expect(try await stage.client.get(base).body.items?.count == expected)
                let org = try await stage.client.get("/orgs/personal/machines")
                #expect(org["machines"]?.items?.count == expected)
            }
        }
    }

    @Test func theOrganisationIsReadInPages() async throws {
        try await Stage.with(Stage.options { $0.orgPageSize = 4 }) { stage in
            try await stage.app()
            var ids: Set<String> = []
            for number in 0..<10 { ids.insert(try await stage.machine(name: "m\(number)")) }
            var seen: [String] = []
            var cursor: String?
            var pages = 0
            repeat {
                let next = cursor.map { "&cursor=\($0)" } ?? ""
                let page = try await stage.client.get("/orgs/personal/machines?limit=100\(next)")
                seen += page["machines"]?.items?.compactMap { $0["id"]?.string } ?? []
                cursor = page["next_cursor"]?.string
                pages += 1
            } while cursor != nil && pages < 10
            #expect(pages == 3)
            #expect(seen.count == 10)
            #expect(Set(seen) == ids)
        }
    }

    @Test func changesMoveToTheEndOfTheOrganisationsList() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let first = try await stage.machine(name: "one")
            _ = try await stage.machine(name: "two")
            stage.simulator.advance(by: .seconds(1))
            let before = try await stage.client.get("/orgs/personal/machines")
            let last = try #require(before["last_updated_at"]?.string)
            stage.simulator.advance(by: .seconds(1))
            stage.simulator.stopMachine(first)
            let after = try await stage.client.get("/orgs/personal/machines?updated_after=\(last)")
            #expect(after["machines"]?.items?.compactMap { $0["id"]?.string } == [first])
            #expect(after["machines"]?[0]?["state"] == "stopped")
            let all = try await stage.client.get("/orgs/personal/machines?state=stopped")
            #expect(all["machines"]?.items?.count == 1)
        }
    }

    @Test func anOverviewHasTheDocumentedFields() async throws {
        try await Stage.with { stage in
            try await stage.app()
            let volume = try await stage.volume()
            _ = try await stage.machine()
            let machine = try await stage.client.get("/orgs/personal/machines")["machines"]?[0]
            let fields = ["app_name", "id", "instance_id", "name", "private_ip", "region", "state", "version"]
            for field in fields { #expect(machine?[field]?.string != nil, "\(field)") }
            #expect(machine?["config"]?["guest"] != nil && machine?["config"]?["image"] != nil)
            let volumes = try await stage.client.get("/orgs/personal/volumes")
            #expect(volumes["volumes"]?[0]?["id"]?.string == volume)
            for field in ["app_name", "updated_at", "state", "host_status"] {
                #expect(volumes["volumes"]?[0]?[field]?.string != nil, "\(field)")
            }
            #expect(volumes["last_volume_id"]?.string == volume)
        }
    }

    @Test func aRegionThatCannotBeAskedIsNamed() async throws {
        try await Stage.with { stage in
            try await stage.app()
            _ = try await stage.machine()
            stage.simulator.setErrorRegions(["iad"])
            let list = try await stage.client.get("/orgs/personal/machines")
            #expect(list["machines"] == [])
            #expect(list["error_regions"] == ["iad"])
        }
    }

    @Test func theOrganisationMustBeOurs() async throws {
        try await Stage.with { stage in
            let foreign = try await stage.client.get("/orgs/somebody-else/machines")
            #expect(foreign.status == 403)
            let unknown = try await stage.client.get("/orgs/none/machines")
            #expect(unknown.status == 404)
        }
    }

    @Test func manyMachinesAreListedInFewPages() async throws {
        try await Stage.with { stage in
            try await stage.app()
            for number in 0..<2500 {
                try stage.simulator.addStrangerMachine(app: "automna-u-1", name: "m\(number)")
            }
            var count = 0
            var query = ""
            for _ in 0..<3 {
                let page = try await stage.client.get("/orgs/personal/machines?summary=true" + query)
                count += page["machines"]?.items?.count ?? 0
                query = "&cursor=" + (page["next_cursor"]?.string ?? "")
            }
            #expect(count == 2500)
            #expect(query == "&cursor=")
        }
    }
}
