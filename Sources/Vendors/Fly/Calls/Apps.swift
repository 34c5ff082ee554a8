extension FlyClient {
    /// `foreign`: the name is taken by somebody else. `notFound`: it is free, or was made a moment ago. Right after a
    /// create `unauthorized` may come, too.
    public func getApp(_ name: String) async throws -> FlyApp {
        try await read(FlyCall(action: .getApp, target: name, method: "GET", path: ["apps", name]))
    }

    /// Apps of the organisation.
    public func listApps() async throws -> [FlyApp] {
        struct Answer: Decodable { var apps: [FlyApp]? }
        let call = FlyCall(
            action: .listApps, target: settings.org, method: "GET", path: ["apps"],
            query: [("org_slug", settings.org)], maxResponseBytes: 32 << 20)
        return try await read(call, as: Answer.self).apps ?? []
    }

    /// `nameTaken` without an id when the name is in use, by us or by others: `getApp` tells which.
    /// - Parameter network: puts the app on its own private network; nil: the organisation's.
    public func createApp(_ name: String, network: String? = nil) async throws {
        struct Body: Encodable {
            // The docs say `app_name`, the specification and the vendor's own client `name`.
            var appName: String
            var name: String
            var org: String
            var network: String?

            private enum CodingKeys: String, CodingKey {
                case name, network
                case appName = "app_name"
                case org = "org_slug"
            }
        }
        let body = Body(appName: name, name: name, org: settings.org, network: network)
        try await perform(
            FlyCall(action: .createApp, target: name, method: "POST", path: ["apps"], body: try encoded(body)))
    }

    /// Deletes the app with all its machines. Gone already is success.
    public func deleteApp(_ name: String) async throws {
        try await perform(
            FlyCall(
                action: .deleteApp, target: name, method: "DELETE", path: ["apps", name], query: [("force", "true")]))
    }
}
