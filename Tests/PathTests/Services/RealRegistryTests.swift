import Foundation
import Postgres
import Support
import Testing
import Vendors

/// A real registry with a password, a real Docker daemon, and the broker between it and ours.
@Suite("Images behind a login", .enabled("a Docker daemon can run here") { await DockerObstacle.found == nil })
struct RealRegistryTests {
    @Test(arguments: [(TestRegistry.password, "Running"), ("wrong horse", "ImagePullFailed"), (nil, "ImagePullFailed")])
    func aServiceIsPulledWithTheLoginOfItsRegistry(password: String?, reason: String) async throws {
        let daemon = try await TestDocker.shared
        let mark = UUID().uuidString.prefix(8).lowercased()
        let open = try await TestRegistry.start()
        let there = try await open.add("team/box:\(mark)", marker: String(mark), with: daemon)
        let guarded = try await TestRegistry.start(folder: open.folder, wantsLogin: true)
        let image = guarded.host + there.dropFirst(open.host.count)
        let auth = password.map { Data("\(TestRegistry.user):\($0)".utf8).base64EncodedString() }
        let file = auth.map { #"{"auths":{"\#(guarded.host)":{"auth":"\#($0)"}}}"# }
        let registries = try file.map { try DockerRegistries(configuration: Array($0.utf8)) } ?? .none
        let broker = try await TestBroker.start(before: daemon)
        try await ServiceStage.with(.unix(broker.socket), registries) { stage in
            try await stage.operators.query(
                """
                insert into converged.services (name, droplet, image, command)
                values (\("box-\(mark)"), 'one', \(image), '{sleep,1000}')
                """)
            try await stage.wait(
                for: "it is \(reason)",
                "select exists (select from converged.conditions where type = 'Ready' and reason = \(reason))")
            let told: String = try await stage.admin.query(
                "select coalesce(max(message), '') from converged.conditions where type = 'Ready'"
            ).scalar()
            if reason == "Running" {
                #expect(try await stage.docker.inspectContainer("box-\(mark)").image == image)
            } else {
                let login = password == nil ? "no login" : "a login"
                #expect(told.contains(guarded.host) && told.contains(image) && told.contains(login), "\(told)")
            }
            try await expectHushed(stage, broker, auth)
            try await stage.operators.query("update converged.services set deleted_at = converged.now()")
            try await stage.wait(for: "it is gone", "select not exists (select from converged.services)")
        }
        if reason == "Running" { try await daemon.command(["rmi", image]) }
        await broker.stop()
        for registry in [open, guarded] { await registry.stop() }
    }

    /// Neither in what is stored nor in what the broker says.
    private func expectHushed(_ stage: ServiceStage, _ broker: TestBroker, _ auth: String?) async throws {
        let stored: String = try await stage.admin.query(
            """
            select concat((select string_agg(e::text, ' ') from converged.events e),
                (select string_agg(c::text, ' ') from converged.conditions c),
                (select string_agg(t::text, ' ') from converged.traces t),
                (select string_agg(j::text, ' ') from converged.jobs j))
            """
        ).scalar()
        for text in [stored, broker.log] {
            #expect(!text.contains("horse") && auth.map(text.contains) != true)
        }
    }
}
