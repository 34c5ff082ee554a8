/// Where a droplet's Docker daemon listens, as its row says it.
public enum DropletEndpoint: Sendable, Equatable {
    case socket(path: String)
    /// Over the network, by mutual TLS. Docker's port for that is 2376 where none is named.
    case remote(host: String, port: Int)

    /// Nil for a text that is no such place.
    init?(_ text: String) {
        if text.hasPrefix("unix:///") {
            self = .socket(path: String(text.dropFirst("unix://".count)))
            return
        }
        guard text.hasPrefix("https://") else { return nil }
        var rest = text.dropFirst("https://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard rest.allSatisfy({ $0.isASCII && !"/?#@ ".contains($0) }) else { return nil }
        var host = rest.prefix { $0 != ":" }
        rest = rest.dropFirst(host.count)
        if host.first == "[" {
            // An IPv6 address, which has colons of its own.
            let whole = text.dropFirst("https://[".count)
            host = whole.prefix { $0 != "]" }
            guard host.count < whole.count else { return nil }
            rest = whole.dropFirst(host.count + 1)
            if rest.hasSuffix("/") { rest = rest.dropLast() }
        }
        guard !host.isEmpty else { return nil }
        if rest.isEmpty {
            self = .remote(host: String(host), port: 2376)
        } else if rest.first == ":", let port = Int(rest.dropFirst()), (1...65535).contains(port) {
            self = .remote(host: String(host), port: port)
        } else {
            return nil
        }
    }

    /// Where its assistants' gateways are reached: beside a socket at the loopback, otherwise where Docker is.
    public var gatewayHost: String {
        switch self {
        case .socket: "127.0.0.1"
        case .remote(let host, _): host.contains(":") ? "[\(host)]" : host
        }
    }
}

extension DropletRow {
    public var door: DropletEndpoint? { DropletEndpoint(endpoint) }

    /// Whether any process with an identity can serve it.
    var isRemote: Bool { if case .remote = door { true } else { false } }
}
