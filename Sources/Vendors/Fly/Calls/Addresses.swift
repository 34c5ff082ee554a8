extension FlyClient {
    public func listAddresses(app: String) async throws -> [FlyAddress] {
        struct Answer: Decodable { var ips: [FlyAddress]? }
        let call = FlyCall(
            action: .listAddresses, target: app, method: "GET", path: ["apps", app, "ip_assignments"])
        return try await read(call, as: Answer.self).ips ?? []
    }

    /// Not idempotent for dedicated addresses: list before. `conflict` on a race.
    @discardableResult
    public func allocateAddress(app: String, _ kind: FlyAddress.Kind) async throws -> FlyAddress {
        struct Body: Encodable { var type: String }
        return try await read(
            FlyCall(
                action: .allocateAddress, target: app, method: "POST", path: ["apps", app, "ip_assignments"],
                body: try encoded(Body(type: kind.rawValue))))
    }
}
