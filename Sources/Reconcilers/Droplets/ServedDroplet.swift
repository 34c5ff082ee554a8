import Vendors

/// A droplet whose work this process does: where its Docker daemon and its assistants' gateways are reached.
public struct ServedDroplet: Sendable {
    /// `droplets.name`; job kinds of its work end in `@name`.
    public let name: String
    public let docker: DockerClient
    /// The gateway at a port of this droplet: reached at 127.0.0.1 beside a socket, at the endpoint's host otherwise.
    public let gateway: @Sendable (_ port: Int) -> GatewayClient
    public let domain: String
    /// Public IPv4 address.
    public let address: String

    public init(
        name: String, docker: DockerClient, gateway: @escaping @Sendable (_ port: Int) -> GatewayClient, domain: String,
        address: String
    ) {
        self.name = name
        self.docker = docker
        self.gateway = gateway
        self.domain = domain
        self.address = address
    }

    /// The job kind of work that only those who serve this droplet do: `pa@fleet-alpha`.
    public func kind(_ kind: String) -> String { "\(kind)@\(name)" }
}
