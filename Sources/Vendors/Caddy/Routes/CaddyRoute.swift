/// One of our routes: a public host name that leads to a port of the droplet's loopback. Rendered and compared as
/// structure, because Caddy gives keys back in an order of its own.
public struct CaddyRoute: Sendable, Equatable {
    public let id: CaddyName
    public let host: CaddyHost
    /// On 127.0.0.1: what a droplet runs has no other address.
    public let port: Int
    public let headers: CaddyHeaderRules
    public let limits: CaddyRouteLimits

    public init(
        id: CaddyName, host: CaddyHost, port: Int, headers: CaddyHeaderRules = .fleet,
        limits: CaddyRouteLimits = CaddyRouteLimits()
    ) throws(CaddyInvalid) {
        guard (1...65_535).contains(port) else { throw CaddyInvalid("route \(id): \(port) is no port") }
        self.id = id
        self.host = host
        self.port = port
        self.headers = headers
        self.limits = limits
    }

    public var json: CaddyJSON {
        var handlers: [CaddyJSON] = []
        if let bytes = limits.maxRequestBytes {
            handlers.append(.object(["handler": .text("request_body"), "max_size": .number(Double(bytes))]))
        }
        var proxy: [String: CaddyJSON] = [
            "handler": .text("reverse_proxy"),
            "upstreams": .array([.object(["dial": .text("127.0.0.1:\(port)")])]),
        ]
        proxy["headers"] = headers.json
        proxy["transport"] = limits.transport
        handlers.append(.object(proxy))
        return .object([
            "@id": .text(id.text), "match": .array([.object(["host": .array([.text(host.text)])])]),
            "terminal": .bool(true), "handle": .array(handlers),
        ])
    }
}

/// Headers that do not pass the proxy. A name may begin or end with `*`.
public struct CaddyHeaderRules: Sendable, Equatable {
    public let strippedFromRequest: [String]
    public let strippedFromResponse: [String]

    public init(strippedFromRequest: [String] = [], strippedFromResponse: [String] = []) throws(CaddyInvalid) {
        for name in strippedFromRequest + strippedFromResponse {
            let isName = name.utf8.allSatisfy { byte in
                byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "*")
            }
            guard isName, !name.isEmpty, name != "*" else {
                throw CaddyInvalid("\"\(name.prefix(80))\" is no header name to strip")
            }
        }
        self.init(trusted: strippedFromRequest, strippedFromResponse)
    }

    private init(trusted request: [String], _ response: [String]) {
        strippedFromRequest = request
        strippedFromResponse = response
    }

    public static let none = CaddyHeaderRules(trusted: [], [])

    /// Gateways trust what comes from loopback, so nobody outside may say through the proxy who he is. Caddy itself
    /// replaces `X-Forwarded-For`, `-Proto` and `-Host`. What an upstream is made of is nobody's business.
    public static let fleet = CaddyHeaderRules(
        trusted: ["Forwarded", "Tailscale-*", "X-Forwarded-Email", "X-Forwarded-User", "X-Real-Ip", "X-Remote-*"],
        ["Server", "Via", "X-Powered-By"])

    var json: CaddyJSON? {
        var sides: [String: CaddyJSON] = [:]
        for (side, names) in [("request", strippedFromRequest), ("response", strippedFromResponse)]
        where !names.isEmpty {
            sides[side] = .object(["delete": .array(names.map(CaddyJSON.text))])
        }
        return sides.isEmpty ? nil : .object(sides)
    }
}

/// What one request may take. `nil` leaves it to Caddy.
public struct CaddyRouteLimits: Sendable, Equatable {
    /// A longer body does not reach the upstream whole: 413, from 2.6.2 also 502 when its length was announced.
    public var maxRequestBytes: Int?
    /// Until the upstream has taken the connection.
    public var dialTimeoutSeconds: Int?
    /// Until the upstream's head; WebSockets and streams may last longer.
    public var responseHeaderTimeoutSeconds: Int?

    public init(
        maxRequestBytes: Int? = nil, dialTimeoutSeconds: Int? = nil, responseHeaderTimeoutSeconds: Int? = nil
    ) {
        self.maxRequestBytes = maxRequestBytes
        self.dialTimeoutSeconds = dialTimeoutSeconds
        self.responseHeaderTimeoutSeconds = responseHeaderTimeoutSeconds
    }

    /// Caddy counts in nanoseconds.
    var transport: CaddyJSON? {
        guard dialTimeoutSeconds != nil || responseHeaderTimeoutSeconds != nil else { return nil }
        var fields: [String: CaddyJSON] = ["protocol": .text("http")]
        fields["dial_timeout"] = dialTimeoutSeconds.map { .number(Double($0) * 1e9) }
        fields["response_header_timeout"] = responseHeaderTimeoutSeconds.map { .number(Double($0) * 1e9) }
        return .object(fields)
    }
}
