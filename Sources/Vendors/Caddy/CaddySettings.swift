/// Which Caddy is spoken to, and the server whose routes are ours to keep.
public struct CaddySettings: Sendable {
    public enum Admin: Sendable, Equatable, CustomStringConvertible {
        /// Path of the socket, as in `"admin": {"listen": "unix//run/caddy/admin.sock"}`.
        case unixSocket(String)
        /// `http://localhost:2019`: nothing protects it from other users of the host.
        case tcp(String)

        public var description: String {
            switch self {
            case .unixSocket(let path): "unix:\(path)"
            case .tcp(let url): url
            }
        }
    }

    public var admin: Admin
    public var server: CaddyServer
    /// Make the server when Caddy has none of that name. Else its absence is an error: most fleets have it from a file.
    public var createsServer: Bool
    /// For `Request.breaker`, for example `"droplet/fleet-alpha/caddy"`: of its own, because Caddy refuses a bad
    /// configuration with 500, which a breaker counts.
    public var breaker: String?

    public init(admin: Admin, server: CaddyServer, createsServer: Bool = false, breaker: String? = nil) {
        self.admin = admin
        self.server = server
        self.createsServer = createsServer
        self.breaker = breaker
    }
}

/// An HTTP server of Caddy's configuration.
public struct CaddyServer: Sendable, Equatable {
    /// Key in `apps.http.servers`; a Caddyfile makes `srv0`, `srv1`.
    public var name: CaddyName
    /// Used only to make it.
    public var listen: [String]
    /// Certificates and the redirect from port 80. Off where something in front of Caddy ends TLS. Used only to make it.
    public var hasAutomaticHTTPS: Bool

    public init(name: CaddyName, listen: [String] = [":443"], hasAutomaticHTTPS: Bool = true) {
        self.name = name
        self.listen = listen
        self.hasAutomaticHTTPS = hasAutomaticHTTPS
    }

    /// A host that no route knows would be answered with 200 and nothing (contract caddy), so the last route says 404.
    var json: CaddyJSON {
        var fields: [String: CaddyJSON] = [
            "listen": .array(listen.map(CaddyJSON.text)),
            "routes": .array([
                .object([
                    "handle": .array([.object(["handler": .text("static_response"), "status_code": .number(404)])])
                ])
            ]),
        ]
        if !hasAutomaticHTTPS { fields["automatic_https"] = .object(["disable": .bool(true)]) }
        return .object(fields)
    }
}
