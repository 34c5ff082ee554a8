/// What is asked of Caddy's admin API. The name is part of errors and logs.
public enum CaddyAction: String, Sendable, CaseIterable {
    case readRoutes = "read-routes"
    case writeRoutes = "write-routes"
    case findRoute = "find-route"
    case readServer = "read-server"
    case createServer = "create-server"
    case listUpstreams = "list-upstreams"

    /// A lost answer has to be looked up (design law 6).
    public var isMutation: Bool { self == .writeRoutes || self == .createServer }
}
