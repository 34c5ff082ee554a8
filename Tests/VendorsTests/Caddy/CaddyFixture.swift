import Foundation
import Logging
import Outbound
import Support
import Testing

@testable import Vendors

/// A real Caddy, what stands behind it, and the client that changes it.
struct CaddyFixture {
    let caddy: TestCaddy
    let upstream: EchoUpstream
    let outbound: Outbound
    let client: CaddyClient

    static let notFound = #"{"handle":[{"handler":"static_response","status_code":404}]}"#
    /// Not ours: keys in no order, signs that Caddy escapes, a header operation.
    static let foreign = """
        {"terminal":true,"match":[{"path":["/a<b>&c"],"host":["www.example.com"]}],"handle":[{"handler":"headers",
        "response":{"set":{"X-Foreign":["<&>"]}}},{"handler":"static_response","status_code":"200","body":"foreign"}]}
        """

    static func with(
        routes: String = "[\(foreign),\(notFound)]", apps: String? = nil,
        createsServer: Bool = false, _ body: (CaddyFixture) async throws -> Void
    ) async throws {
        try await TestCaddy.with(routes: routes, apps: apps) { caddy in
            let upstream = try EchoUpstream()
            defer { upstream.stop() }
            let outbound = Outbound(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let server = CaddyServer(
                name: try CaddyName("main"), listen: ["127.0.0.1:\(caddy.port)"], hasAutomaticHTTPS: false)
            let settings = CaddySettings(
                admin: .unixSocket(caddy.adminSocket), server: server, createsServer: createsServer)
            let fixture = CaddyFixture(
                caddy: caddy, upstream: upstream, outbound: outbound,
                client: CaddyClient(outbound: outbound, settings: settings))
            do {
                try await body(fixture)
            } catch {
                await outbound.close()
                throw error
            }
            await outbound.close()
        }
    }

    func route(_ name: String, port: Int? = nil, limits: CaddyRouteLimits = .init()) throws -> CaddyRoute {
        try CaddyRoute(
            id: CaddyName("pa_\(name)"), host: CaddyHost(label: name, domain: "team.example.com"),
            port: port ?? upstream.port, limits: limits)
    }

    /// What a caller does: again on the new state, but not for ever. Returns the rounds that it took.
    @discardableResult
    func converge(
        _ wanted: [CaddyRoute], unwanted: Set<CaddyName> = [], rounds: Int = 3,
        betweenReadAndWrite meddle: (Int) async throws -> Void = { _ in }
    ) async throws -> Int {
        for round in 1...rounds {
            let list = try await client.routes()
            let plan = try RoutePlan(wanted: wanted, unwanted: unwanted, current: list.array)
            #expect(plan.blocks.isEmpty)
            guard let change = plan.change else { return round - 1 }
            try await meddle(round)
            do {
                try await client.apply(change, to: list)
                return round
            } catch let error as CaddyError where error.kind == .changedMeanwhile && round < rounds {
                continue
            }
        }
        return rounds
    }

    /// The routes as Caddy shows them.
    func current() async throws -> [String] {
        try await RouteElement.all(in: client.routes().array).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    func ids() async throws -> [String?] { try await RouteElement.all(in: client.routes().array).map(\.id) }

    /// A request through Caddy's public side.
    func get(_ host: String, headers: [(String, String)] = [], body: [UInt8]? = nil) async throws -> Response {
        try await outbound.send(
            Request(
                method: body == nil ? "GET" : "POST", url: "http://127.0.0.1:\(caddy.port)/chat",
                headers: [("Host", host), ("Connection", "close")] + headers, body: body, retry: .read))
    }

    /// Another program that changes Caddy, without asking or locking.
    func meddle(_ method: String, _ path: String, _ json: String) async throws {
        let response = try await outbound.send(
            Request(
                method: method, url: "http://localhost/config/apps/http/servers/main/\(path)",
                unixSocket: caddy.adminSocket,
                headers: [("Host", ""), ("Content-Type", "application/json"), ("Connection", "close")],
                body: Array(json.utf8)))
        #expect(response.status == 200, "\(response.text)")
    }

    /// The failure of a call that has to fail.
    static func failure(_ call: () async throws -> some Any) async throws -> CaddyError {
        do {
            _ = try await call()
        } catch let error as CaddyError {
            return error
        }
        throw Unexpected()
    }
    struct Unexpected: Error {}
}
