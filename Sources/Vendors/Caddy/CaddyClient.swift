import FoundationEssentials
import Outbound

/// Typed calls of one Caddy's admin API (contract caddy). Every failure is a `CaddyError`; a cancelled caller gets
/// `CancellationError`. Knows no database.
///
/// The way of a change: `routes()`, then the pure `RoutePlan`, then `apply`, and from the start again when somebody
/// else was faster (`changedMeanwhile`).
public struct CaddyClient: Sendable {
    let outbound: Outbound
    public let settings: CaddySettings

    public init(outbound: Outbound, settings: CaddySettings) {
        self.outbound = outbound
        self.settings = settings
    }
}

/// One call before it is put on the wire.
struct CaddyCall {
    var action: CaddyAction
    /// What an error names: `server main`, `route pa_alice`.
    var target: String
    var method: String
    /// Made of fixed words, `CaddyName`s and numbers only.
    var path: String
    var body: [UInt8]?
    /// `Etag` of what the caller saw; another state is refused.
    var ifMatch: String?
}

extension CaddyClient {
    var routesPath: String { "\(serverPath)/routes" }
    var serverPath: String { "/config/apps/http/servers/\(settings.server.name)" }
    var serverTarget: String { "server \(settings.server.name)" }

    func send(_ call: CaddyCall) async throws -> Response {
        let response: Response
        do {
            response = try await outbound.send(request(for: call))
        } catch OutboundError.cancelled {
            throw CancellationError()
        } catch let error as OutboundError {
            throw CaddyRefusal.classify(error, of: call, at: settings.admin)
        }
        guard (200..<300).contains(response.status) else {
            throw CaddyRefusal(response).error(of: call, at: settings.admin)
        }
        return response
    }

    /// A 200 that is not what the contract says.
    func unreadable(_ call: CaddyCall, _ what: String) -> CaddyError {
        CaddyError(.unreadable, call.action, target: call.target, admin: settings.admin, status: 200, message: what)
    }

    private func request(for call: CaddyCall) -> Request {
        // Every change of the configuration restarts the admin endpoint and cuts kept connections: a change sent over
        // one of them could be lost without a trace of whether it was made.
        var headers = [("Accept", "application/json"), ("Connection", "close")]
        if call.body != nil { headers.append(("Content-Type", "application/json")) }
        if let tag = call.ifMatch { headers.append(("If-Match", tag)) }
        var base = "http://localhost"
        var socket: String?
        switch settings.admin {
        case .unixSocket(let path):
            socket = path
            // On a unix socket 2.6.2 allows no host but the empty one, newer ones that too.
            headers.append(("Host", ""))
        case .tcp(let url):
            base = url
            while base.hasSuffix("/") { base.removeLast() }
        }
        return Request(
            method: call.method, url: base + call.path, unixSocket: socket, headers: headers, body: call.body,
            deadlines: Deadlines(connect: .seconds(3), total: .seconds(30), idle: .seconds(25)),
            breaker: settings.breaker, retry: call.action.isMutation ? .mutation : .read)
    }
}
