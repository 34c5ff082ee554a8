import Foundation
import Postgres
import Simulators
import Support
import Testing

/// Several droplets in one database: each is worked on by the daemon that serves it, and by nobody else.
@Suite struct ServedDropletTests {
    /// A platform with simulated droplets, each beside its own host's socket.
    private static func with(
        _ names: [String], _ body: (Platform, [String: DockerSimulator]) async throws -> Void
    ) async throws {
        var simulators: [String: DockerSimulator] = [:]
        for name in names { simulators[name] = try await DockerSimulator.start() }
        let result: Result<Void, any Error>
        do {
            try await Platform.run { platform in try await body(platform, simulators) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for simulator in simulators.values { await simulator.stop() }
        try result.get()
    }

    private func add(_ name: String, _ simulator: DockerSimulator, host: String, to platform: Platform) async throws {
        try await platform.admin.query(
            """
            insert into converged.droplets (name, endpoint, address, domain, served_by)
            values (\(name), \("unix://" + simulator.socket), '203.0.113.1', 'team.example.com', \(host))
            """)
    }

    /// Without a Fly organisation and without its token.
    private func settings(_ droplets: String, host: String) -> [String: String?] {
        [
            "CONVERGED_DROPLETS": droplets, "CONVERGED_DOCKER_HOST_NAME": host, "CONVERGED_DOCKER_SURVEY_SECONDS": "1",
            "CONVERGED_FLY_ORG": nil, "CONVERGED_CREDENTIALS_DIR": nil,
        ]
    }

    private func start(_ platform: Platform, _ droplets: String, host: String) async throws {
        let folder = platform.home.folder + "/credentials-\(host)"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try FileManager.default.copyItem(
            atPath: platform.home.credentials + "/keyring", toPath: folder + "/keyring")
        var settings = settings(droplets, host: host)
        settings["CONVERGED_CREDENTIALS_DIR"] = folder
        try await platform.startDaemon(settings)
    }

    private func awaitStatus(_ status: String, of droplet: String, on platform: Platform) async throws {
        try await eventually("droplet \(droplet) is \(status)", within: .seconds(60)) {
            try await platform.admin.query("select status from converged.droplets where name = \(droplet)")
                .scalar(as: String?.self) == status
        }
    }

    @Test func daemonsNeverDoEachOthersWork() async throws {
        try await Self.with(["one", "two"]) { platform, simulators in
            try await add("one", simulators["one"]!, host: "host-1", to: platform)
            try await add("two", simulators["two"]!, host: "host-2", to: platform)
            try await start(platform, "one", host: "host-1")
            try await awaitStatus("reachable", of: "one", on: platform)
            #expect(simulators["two"]!.ledger.isEmpty)
            try await start(platform, "two", host: "host-2")
            try await awaitStatus("reachable", of: "two", on: platform)
            let kinds = try await platform.admin.query(
                "select distinct split_part(name, '/', 2), k from converged.workers, unnest(kinds) k where k ~ '@'"
            ).decode((String, String).self)
            #expect(!kinds.isEmpty)
            #expect(kinds.filter { !$1.hasSuffix("@\($0)") }.isEmpty)
            let engines = try await platform.count("select count(distinct engine_id) from converged.droplets")
            #expect(engines == 2)
        }
    }

    @Test func dropletsAreTakenUpAndLeftWithoutARestart() async throws {
        try await Self.with(["one", "two"]) { platform, simulators in
            try await start(platform, "one, two", host: "host-1")
            try await add("two", simulators["two"]!, host: "host-1", to: platform)
            try await awaitStatus("reachable", of: "two", on: platform)
            try await platform.admin.query(
                "update converged.droplets set deleted_at = converged.now() where name = 'two'")
            try await eventually("droplet two is released", within: .seconds(60)) {
                try await platform.count("select count(*) from converged.droplets") == 0
            }
            try await eventually("its worker has stopped", within: .seconds(60)) {
                try await platform.count("select count(*) from converged.workers where name like '%/two'") == 0
            }
        }
    }

    @Test func oneDropletThatIsAwayStopsNoOther() async throws {
        try await Self.with(["one", "two"]) { platform, simulators in
            for name in ["one", "two"] { try await add(name, simulators[name]!, host: "host-1", to: platform) }
            try await start(platform, "one,two", host: "host-1")
            for name in ["one", "two"] { try await awaitStatus("reachable", of: name, on: platform) }
            simulators["one"]!.inject(.init(.refused, times: nil))
            try await awaitStatus("unreachable", of: "one", on: platform)
            #expect(try await platform.condition("one", kind: "droplet")?.reason == "HostUnreachable")
            #expect(try await platform.condition("two", kind: "droplet")?.status == "True")
            let before = simulators["two"]!.calls("list-containers").count
            try await eventually("droplet two is surveyed on", within: .seconds(30)) {
                simulators["two"]!.calls("list-containers").count > before
            }
            simulators["one"]!.clearFaults()
            try await awaitStatus("reachable", of: "one", on: platform)
        }
    }

    @Test func anotherHostsDropletIsRefusedAloud() async throws {
        try await Self.with(["one"]) { platform, simulators in
            try await add("one", simulators["one"]!, host: "host-2", to: platform)
            try await start(platform, "one", host: "host-1")
            try await eventually("the refusal is a condition", within: .seconds(30)) {
                try await platform.condition("one", kind: "droplet")?.reason == "NotServed"
            }
            #expect(await platform.logs().contains("droplet one is not served: it is served by host-2"))
            #expect(simulators["one"]!.ledger.isEmpty)
            // Put right in the row: no restart.
            try await platform.admin.query("update converged.droplets set served_by = 'host-1'")
            try await awaitStatus("reachable", of: "one", on: platform)
            #expect(try await platform.condition("one", kind: "droplet")?.status == "True")
        }
    }
}
