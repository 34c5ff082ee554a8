import Outbound

/// Where a daemon listens.
public enum DockerEndpoint: Sendable, Hashable, CustomStringConvertible {
    /// Path of a unix socket, `/var/run/docker.sock`.
    case unix(String)
    /// Mutual TLS, always: whoever reaches an open port is root on the host. `tls` names PEM files.
    case tcp(host: String, port: Int, tls: TLSIdentity)

    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port, _): "\(host):\(port)"
        }
    }

    /// The daemon takes any host name over its socket (contract docker, "Transport").
    var url: String {
        switch self {
        case .unix: "http://docker"
        case .tcp(let host, let port, _): "https://\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }

    var unixSocket: String? { if case .unix(let path) = self { path } else { nil } }
    var tls: TLSIdentity? { if case .tcp(_, _, let tls) = self { tls } else { nil } }
}
