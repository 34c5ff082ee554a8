import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

/// Configurations without our server, and admin endpoints of all sorts, against a real Caddy.
@Suite struct CaddyServerTests {
    static let missing = [
        "{}", #"{"http": {}}"#, #"{"http": {"servers": {}}}"#,
        #"{"http": {"servers": {"other": {"listen": ["127.0.0.1:0"], "automatic_https": {"disable": true}}}}}"#, "null",
    ]

    @Test(arguments: missing) func aMissingServerIsMadeWhenTold(apps: String) async throws {
        try await CaddyFixture.with(apps: apps, createsServer: true) { fixture in
            let error = try await CaddyFixture.failure { try await fixture.client.routes() }
            #expect(error.kind == .noServer)
            try await fixture.client.createServer()
            try await fixture.client.createServer()  // is there already
            #expect(try await fixture.get("alice.team.example.com").status == 404)
            #expect(try await fixture.converge([fixture.route("alice")]) == 1)
            #expect(try await fixture.get("alice.team.example.com").status == 200)
            #expect(try await fixture.get("bob.team.example.com").status == 404)
        }
    }

    @Test(arguments: missing) func aMissingServerIsAnErrorOtherwise(apps: String) async throws {
        try await CaddyFixture.with(apps: apps) { fixture in
            let read = try await CaddyFixture.failure { try await fixture.client.routes() }
            let create = try await CaddyFixture.failure { try await fixture.client.createServer() }
            #expect(read.kind == .noServer && read.isTerminal)
            #expect(create.kind == .noServer)
            #expect(create.description.contains("server main"))
            #expect(create.description.contains("allow to create it"))
        }
    }

    @Test func aSocketThatIsNotThereIsUnavailable() async throws {
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let path = try TemporaryFolder.make("caddy-none") + "/admin.sock"
        let client = CaddyClient(
            outbound: outbound,
            settings: CaddySettings(admin: .unixSocket(path), server: CaddyServer(name: try CaddyName("main"))))
        let error = try await CaddyFixture.failure { try await client.routes() }
        #expect(error.kind == .unavailable && !error.isTerminal)
        #expect(error.description.contains("unix:\(path)"))
        let list = CaddyRouteList(array: Array("[]".utf8), etag: "\"/config/ 0\"")
        let route = try CaddyRoute(
            id: CaddyName("pa_a"), host: CaddyHost("a.example.com"), port: 19_100)
        let change = try #require(try RoutePlan(wanted: [route], current: list.array).change)
        let write = try await CaddyFixture.failure { try await client.apply(change, to: list) }
        #expect(write.kind == .unavailable && write.isSurelyUnchanged)
        await outbound.close()
    }

    @Test func theAdminEndpointMayBeAPort() async throws {
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await TestCaddy.with(admin: .port) { caddy in
            let client = CaddyClient(
                outbound: outbound,
                settings: CaddySettings(
                    admin: .tcp("http://127.0.0.1:\(caddy.adminPort)/"),
                    server: CaddyServer(name: try CaddyName("main"))))
            let list = try await client.routes()
            #expect(list.array == Array("[]".utf8))
            let route = try CaddyRoute(
                id: CaddyName("pa_a"), host: CaddyHost("a.example.com"), port: 19_100)
            let change = try #require(try RoutePlan(wanted: [route], current: list.array).change)
            try await client.apply(change, to: list)
            #expect(try await client.find(route.id)?.route == route.json)
            let stale = try await CaddyFixture.failure { try await client.apply(change, to: list) }
            #expect(stale.kind == .changedMeanwhile)
        }
        await outbound.close()
    }

    /// 2.6.2 allows a name of the TCP endpoint that it was not told only on request: 403.
    @Test func anotherHostNameIsForbidden() async throws {
        let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await TestCaddy.with(admin: .port) { caddy in
            let client = CaddyClient(
                outbound: outbound,
                settings: CaddySettings(
                    admin: .tcp("http://admin.localhost:\(caddy.adminPort)"),
                    server: CaddyServer(name: try CaddyName("main"))))
            let error = try await CaddyFixture.failure { try await client.routes() }
            #expect(error.kind == .forbidden && error.isTerminal)
            #expect(error.description.contains("host not allowed"))
        }
        await outbound.close()
    }
}
