import Foundation
import Postgres
import Simulators
import Support
import Testing
import Vendors

/// A team's CRM from one call of the operator.
@Suite("A team's Twenty") struct TwentyTests {
    private func with(_ body: (DockerSimulator, ServiceStage) async throws -> Void) async throws {
        let docker = try await DockerSimulator.start()
        for image in ["twentycrm/twenty:v2.38.1", "twentycrm/twenty:v2.39.0", "postgres:16", "redis:7", "tez:1"] {
            docker.publish(.init(image))
        }
        for command in ["pg_isready *", "redis-cli ping", "curl *"] { docker.onExec(.init(command)) }
        docker.setHostFile("/opt/twenty/.env", .init("PG_DATABASE_PASSWORD=s3cret-word\nAPP_SECRET='hidden-word'\n"))
        let result: Result<Void, any Error>
        do {
            try await ServiceStage.with(.unix(docker.socket)) { try await body(docker, $0) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        #expect(docker.breaches.isEmpty, "\(docker.breaches)")
        await docker.stop()
        try result.get()
    }

    private func add(_ stage: ServiceStage) async throws {
        let names: [String] = try await stage.operators.query("select converged.add_twenty('alpha', 'one')").column(0)
        let dumped: [String] = try await stage.operators.query(
            "select s.name from converged.dumps d join converged.services s on s.id = d.service"
        ).column(0)
        #expect(dumped == ["twenty-alpha-db"])
        #expect(names == ["twenty-alpha-db", "twenty-alpha-redis", "twenty-alpha", "twenty-alpha-worker"])
    }

    @Test func fourContainersStartInTheirOrder() async throws {
        try await with { docker, stage in
            try await add(stage)
            try await stage.settle()
            let starts = docker.calls("start-container").compactMap { $0.object?.replacing(".next", with: "") }
            #expect(Set(starts.prefix(2)) == ["twenty-alpha-db", "twenty-alpha-redis"])
            #expect(starts.suffix(2) == ["twenty-alpha", "twenty-alpha-worker"])
            let server = try #require(docker.container("twenty-alpha"))
            #expect(server.environment["PG_DATABASE_URL"] == "postgres://postgres:s3cret-word@db:5432/default")
            #expect(server.environment["SERVER_URL"] == "https://crm-alpha.team.example.com")
            #expect(server.environment["APP_SECRET"] == "hidden-word" && server.environment["ENCRYPTION_KEY"] == nil)
            #expect(docker.container("twenty-alpha-db")?.environment["APP_SECRET"] == nil)
            #expect(docker.containers().count == 4, "no reader is left")
            let told: [String] = try await stage.admin.query(
                "select desired::text || observed::text || plan::text from converged.traces union all select message from converged.events"
            ).column(0)
            for text in told { #expect(!text.contains("s3cret-word") && !text.contains("hidden-word")) }
        }
    }

    @Test func anUpdateKeepsTheVolumesAndADeletionToo() async throws {
        try await with { docker, stage in
            try await add(stage)
            try await stage.settle()
            let before = try #require(docker.container("twenty-alpha"))
            try await stage.operators.query(
                "update converged.services set image = 'twentycrm/twenty:v2.39.0' where name = 'twenty-alpha'")
            try await stage.settle()
            let after = try #require(docker.container("twenty-alpha"))
            #expect(after.id != before.id && after.binds == before.binds && after.image.hasSuffix("v2.39.0"))
            try await stage.operators.query("update converged.services set deleted_at = converged.now()")
            try await stage.wait(for: "all are gone", "select not exists (select from converged.services)")
            #expect(docker.containers().isEmpty)
            #expect(try await stage.docker.listVolumes().count == 3)
            let networks = try await stage.docker.listNetworks().map(\.name)
            #expect(!networks.contains("twenty-alpha"))
        }
    }

    @Test func aMissingFileIsAConditionAndHealsByItself() async throws {
        try await with { docker, stage in
            docker.setHostFile("/opt/tez-mcp/.env", nil)
            try await stage.operators.query(
                "select converged.add_tez_mcp('one', 'tez:1', '{\"RELAY_KEY\": \"${RELAY_KEY}\"}')")
            func shows(_ reason: String) -> SQL {
                "select exists (select from converged.conditions where reason = \(reason))"
            }
            try await stage.wait(for: "the missing file shows", shows("EnvironmentFileMissing"))
            docker.setHostFile("/opt/tez-mcp/.env", .init("OTHER=1\n"))
            try await stage.wait(for: "the missing line shows", shows("InvalidEnvironment"))
            docker.setHostFile("/opt/tez-mcp/.env", .init("RELAY_KEY=relay-word\n"))
            try await stage.settle()
            #expect(docker.container("tez-mcp")?.environment["RELAY_KEY"] == "relay-word")
        }
    }

    @Test func aNetworkThatWasTakenAwayIsMadeAnewWithAllWhoWereInIt() async throws {
        try await with { docker, stage in
            try await add(stage)
            try await stage.settle()
            let before = docker.containers()
            docker.removeNetwork("twenty-alpha")
            // As a host that starts anew would leave one of them.
            docker.crash("twenty-alpha-redis")
            try await stage.wakeAll()
            try await eventually("all have another container", within: .seconds(60)) {
                let now = docker.containers()
                return now.count == 4 && Set(now.map(\.id)).isDisjoint(with: before.map(\.id))
            }
            try await stage.settle()
            let network = try await stage.docker.inspectNetwork("twenty-alpha")
            #expect(network.labels["converged.owner"] == "droplet/one")
            for old in before {
                let now = try await stage.docker.inspectContainer(old.name)
                #expect(now.networks["twenty-alpha"] != nil && now.state.status == "running", "\(old.name)")
                #expect(docker.container(old.name)?.binds == old.binds, "its data")
            }
        }
    }

    @Test func aNetworkOfSomebodyElseIsNotJoined() async throws {
        try await with { docker, stage in
            try await stage.docker.createNetwork(DockerNetworkSpec(name: "twenty-alpha"))
            try await add(stage)
            try await stage.wait(
                for: "the network shows",
                "select exists (select from converged.conditions where reason = 'ForeignNetwork')")
            // One that reads an environment file is there for a moment only.
            #expect(docker.containers().allSatisfy { $0.name.hasSuffix(".env") })
        }
    }
}
