import CPostgres
import Logging

/// What a listener hears.
public enum Notice: Sendable, Hashable {
    /// Listening has (again) begun: what was sent before this may be lost, so look at the tables.
    case connected
    case notification(channel: String, payload: String)
}

extension Database {
    /// Listens on a connection of its own, for ever: a lost connection is made again with back-off. Ends when the
    /// task that reads is cancelled or the database is closed. A reader that falls far behind loses the oldest: a notice is only a hint.
    public func listen(_ channels: [String]) -> AsyncStream<Notice> {
        AsyncStream(bufferingPolicy: .bufferingNewest(4096)) { continuation in
            let task = Task {
                await listen(channels) { notice, _ in continuation.yield(notice) }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The same, for a hearer in a hurry: it runs where the notice arrived, and may use the connection that heard it. What
    /// arrives meanwhile waits. Returns when the task is cancelled or the database is closed.
    public func listen(_ channels: [String], _ hear: @escaping @Sendable (Notice, Connection) async -> Void) async {
        let listener = Listener(channels: channels, settings: settings, logger: logger)
        let task = Task(executorPreference: executor) { await listener.run(hear) }
        let enrolled = await pool.enroll(task)
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        await pool.dismiss(enrolled)
    }
}

private struct Listener: Sendable {
    let channels: [String]
    let settings: DatabaseSettings
    let logger: Logger

    /// A silent connection is asked for a sign of life this often, or a half-open socket would never be noticed.
    private static let silence: Duration = .seconds(15)

    @Loop func run(_ hear: @Sendable (Notice, Connection) async -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await listenOnce { notice, connection in
                    failures = 0
                    await hear(notice, connection)
                }
            } catch {
                if Task.isCancelled { return }
                if failures == 0 { logger.warning("listening is interrupted, connecting again: \(error)") }
                failures += 1
            }
            let longest = Duration.milliseconds(min(10_000, 50 << min(failures, 8)))
            try? await Task.sleep(for: longest * Double.random(in: 0.5...1))
        }
    }

    @Loop private func listenOnce(_ hear: @Loop (Notice, Connection) async -> Void) async throws {
        let wire = Wire(id: 0, handle: try await Handle.open(settings, logger: logger), settings: settings)
        try await withTaskCancellationHandler {
            defer { wire.kill() }
            let commands = channels.map { "LISTEN \(quoteIdentifier($0))" }.joined(separator: ";")
            try await wire.script(commands, timeout: nil, .autocommit)
            let connection = Connection(wire)
            await hear(.connected, connection)
            while !Task.isCancelled {
                for notice in try await wire.notices(within: Self.silence) { await hear(notice, connection) }
            }
        } onCancel: {
            Task { @Loop in wire.kill() }
        }
    }
}

extension Wire {
    /// What arrives within the span; after a silent one the server has to answer a statement.
    fileprivate func notices(within span: Duration) async throws -> [Notice] {
        let heard = takeNotices()
        if !heard.isEmpty { return heard }
        if await EventLoop.shared.wait(PQsocket(connection), .read, until: { .now + span }) == .deadline {
            try await script("SELECT 1", timeout: .seconds(5), .autocommit)
            return takeNotices()
        }
        guard !isDead, PQconsumeInput(connection) == 1 else { throw connectionError }
        return takeNotices()
    }

    private func takeNotices() -> [Notice] {
        var heard: [Notice] = []
        while let pointer = PQnotifies(connection) {
            defer { PQfreemem(pointer) }
            let payload = pointer.pointee.extra.map { String(cString: $0) } ?? ""
            heard.append(.notification(channel: String(cString: pointer.pointee.relname), payload: payload))
        }
        return heard
    }
}
