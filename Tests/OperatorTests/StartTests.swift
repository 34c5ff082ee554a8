import Logging
import Postgres
import Support
import Systemd
import Testing

@testable import converged

@Suite struct StartTests {
    private static let nowhere = "postgresql:///none?host=/nonexistent"

    private func start(acquire: Duration) -> (Start, Database) {
        var settings = DatabaseSettings(url: Self.nowhere)
        settings.acquireTimeout = acquire
        let quiet = Logger(label: "start") { _ in SwiftLogNoOpLogHandler() }
        let database = Database(settings, logger: quiet)
        return (Start(database, notifier: ServiceNotifier(), logger: quiet), database)
    }

    /// Then systemd tries again, with the exit code of a service that is not there.
    @Test func aDatabaseThatStaysAwayEndsTheStart() async throws {
        var (start, database) = start(acquire: .milliseconds(20))
        start.patience = .milliseconds(100)
        start.pause = .milliseconds(10)
        let impatient = start
        let error = try #require(await #expect(throws: PostgresError.self) { try await impatient.run() })
        await database.close()
        #expect(error.kind == .connection)
        let failure = try #require(Failure(error))
        #expect(failure.code == 69)
        #expect(failure.message.contains("converged doctor"))
    }

    @Test func aStopEndsTheWait() async throws {
        let (start, database) = start(acquire: .seconds(600))
        let task = Task { try await start.run() }
        task.cancel()
        let result = await task.result
        await database.close()
        #expect(throws: (any Error).self) { try result.get() }
    }
}
