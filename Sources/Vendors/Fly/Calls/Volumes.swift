extension FlyClient {
    /// All volumes of the app, those on their way out included (`isGone`).
    public func listVolumes(app: String) async throws -> [FlyVolume] {
        try await read(
            FlyCall(
                action: .listVolumes, target: app, method: "GET", path: ["apps", app, "volumes"],
                maxResponseBytes: 32 << 20))
    }

    public func getVolume(app: String, id: String) async throws -> FlyVolume {
        try await read(
            FlyCall(action: .getVolume, target: id, method: "GET", path: ["apps", app, "volumes", id]))
    }

    /// Every call makes another volume. After `outcomeUnknown` list and adopt by name before asking again.
    public func createVolume(app: String, _ request: FlyVolumeRequest) async throws -> FlyVolume {
        try await read(
            FlyCall(
                action: .createVolume, target: app, method: "POST", path: ["apps", app, "volumes"],
                body: try encoded(request)))
    }

    /// - Parameter sizeGB: the new total; volumes only grow.
    public func extendVolume(app: String, id: String, sizeGB: Int) async throws -> FlyVolumeExtension {
        struct Body: Encodable {
            var sizeGB: Int
            private enum CodingKeys: String, CodingKey { case sizeGB = "size_gb" }
        }
        return try await read(
            FlyCall(
                action: .extendVolume, target: id, method: "PUT", path: ["apps", app, "volumes", id, "extend"],
                body: try encoded(Body(sizeGB: sizeGB))))
    }

    /// Gone already is success; `conflict` while attached. The vendor keeps a deleted volume for 24 hours.
    public func deleteVolume(app: String, id: String) async throws {
        try await perform(
            FlyCall(action: .deleteVolume, target: id, method: "DELETE", path: ["apps", app, "volumes", id]))
    }
}
