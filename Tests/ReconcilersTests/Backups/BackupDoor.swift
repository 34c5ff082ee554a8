import Support
import Testing

/// How a back-up reaches a real Docker daemon.
enum BackupDoor: CaseIterable {
    case daemon, broker
}

extension BackupStage {
    /// - Parameter places: folders that the broker lets containers have.
    static func with(
        _ door: BackupDoor, places: String? = nil, _ body: (BackupStage) async throws -> Void
    ) async throws {
        let daemon = try await TestDocker.shared
        guard door == .broker else { return try await with(socket: daemon.socket, body) }
        let broker = try await TestBroker.start(before: daemon, places.map { ["--places=" + $0] } ?? [])
        try await with(socket: broker.socket, body)
        #expect(!broker.log.contains("refused"), "\(broker.log)")
        await broker.stop()
    }
}
