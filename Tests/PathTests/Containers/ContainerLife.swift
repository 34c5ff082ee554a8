import Foundation
import Simulators
import Testing

extension ContainerLane {
    /// A PA that runs, with a daemon that lives, and what becomes of it.
    ///
    /// - Parameters:
    ///   - reason: of Ready, before `body` begins.
    ///   - prepare: before the row is there.
    static func run(
        from reason: String = "Running", prepare: (ContainerLane) async throws -> Void = { _ in },
        _ body: (ContainerLane, UUID) async throws -> Void
    ) async throws {
        let lane = try await ContainerLane.open()
        try await prepare(lane)
        let pa = try await lane.insertPA()
        let daemon = ContainerDaemon.start(lane)
        let result: Result<Void, any Error>
        do {
            try await lane.settle(pa, reason, lasting: 0)
            result = .success(try await body(lane, pa))
        } catch { result = .failure(error) }
        try await daemon.end()
        #expect(lane.docker.breaches.isEmpty, "\(lane.docker.breaches)")
        try await lane.close()
        try result.get()
    }
}
