import Outbound
import Reconcilers
import Vendors

extension ServedDroplet {
    /// Nil when its endpoint is none, or needs an identity that is not there.
    init?(
        _ row: DropletRow, _ outbound: Outbound, identity: TLSIdentity?, registries: DockerRegistries = .none
    ) {
        guard let door = row.door else { return nil }
        let endpoint: DockerEndpoint
        switch door {
        case .socket(let path): endpoint = .unix(path)
        case .remote(let host, let port):
            guard let identity else { return nil }
            endpoint = .tcp(host: host, port: port, tls: identity)
        }
        let host = door.gatewayHost
        self.init(
            name: row.name, docker: DockerClient(outbound, endpoint: endpoint, registries: registries),
            gateway: { GatewayClient(outbound, host: host, port: $0) }, domain: row.domain, address: row.address)
    }
}
