import Outbound

/// How Caddy sees one address that its routes lead to; shared by all routes with that address.
public struct CaddyUpstream: Decodable, Sendable, Equatable {
    /// `127.0.0.1:19100`
    public var address: String
    /// Under way now, WebSockets included.
    public var requests: Int
    /// Remembered failures, if health checks are on.
    public var fails: Int

    enum CodingKeys: String, CodingKey {
        case address, fails
        case requests = "num_requests"
    }
}

extension CaddyClient {
    public func upstreams() async throws -> [CaddyUpstream] {
        let call = CaddyCall(
            action: .listUpstreams, target: "all", method: "GET", path: "/reverse_proxy/upstreams")
        return try await read(send(call).body, of: call)
    }
}
