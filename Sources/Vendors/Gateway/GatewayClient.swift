import FoundationEssentials
import Outbound

/// Probes of one OpenClaw gateway on its own port (contract openclaw, "HTTP on the gateway port"). Each is one call without
/// a repeat: whoever asks has a plan for a gateway that does not answer. A cancelled caller gets `CancellationError`.
public struct GatewayClient: Sendable {
    /// What a probe found. A gateway that cannot be reached is a finding, not an error.
    public enum Answer: Sendable, Equatable {
        case status(Int)
        /// No HTTP came back; why.
        case silence(String)
    }

    let outbound: Outbound
    /// Name or address at which the gateway's host is reached.
    public let host: String
    public let port: Int

    public init(_ outbound: Outbound, host: String, port: Int) {
        self.outbound = outbound
        self.host = host
        self.port = port
    }

    /// GET of a path that needs no token: `/healthz`.
    public func probe(_ path: String, within time: Duration = .seconds(5)) async throws -> Answer {
        try await send("GET", path, headers: [], body: nil, within: time)
    }

    /// Whether the gateway takes this token: it is asked to invoke a tool that no gateway has. 404 is a good token, 401 a bad one.
    public func probe(token: String, within time: Duration = .seconds(5)) async throws -> Answer {
        let headers = [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
        let body = Array(#"{"tool":"converged.probe","args":{}}"#.utf8)
        return try await send("POST", "/tools/invoke", headers: headers, body: body, within: time)
    }

    /// Any call, for the steps of a checklist.
    /// - Parameter body: JSON.
    public func ask(
        _ method: String, _ path: String, token: String? = nil, body: [UInt8]? = nil, within time: Duration
    ) async throws -> Answer {
        let headers = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        let type = body == nil ? [] : [("Content-Type", "application/json")]
        return try await send(method, path, headers: headers + type, body: body, within: time)
    }

    private func send(
        _ method: String, _ path: String, headers: [(String, String)], body: [UInt8]?, within time: Duration
    ) async throws -> Answer {
        let request = Request(
            method: method, url: "http://\(host):\(port)\(path)", headers: headers, body: body,
            deadlines: Deadlines(connect: .seconds(2), total: time, idle: time), retry: .never)
        do {
            return .status(try await outbound.send(request).status)
        } catch OutboundError.cancelled {
            throw CancellationError()
        } catch {
            return .silence("\(error)")
        }
    }
}
