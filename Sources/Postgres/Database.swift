import Logging

/// The door to Postgres for the whole process: a pool of connections, and everything that can be done with one.
///
/// Every call throws `PostgresError`. Nothing here repeats a statement whose outcome is unknown.
public final class Database: Sendable {
    let settings: DatabaseSettings
    let logger: Logger
    let pool: Pool

    /// Connects when the first statement comes.
    public init(_ settings: DatabaseSettings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        pool = Pool(settings, logger: logger)
    }

    deinit {
        let pool = pool
        Task { await pool.close(grace: .zero) }
    }

    /// The thread that talks to the server. A task that does little else than that, and must not lose time, is preferably
    /// run there: each round trip then saves two changes of threads.
    public var executor: any TaskExecutor { EventLoop.shared }

    /// One statement in a transaction of its own.
    @discardableResult public func query(_ sql: SQL) async throws -> Rows {
        guard let rows = try await pool.run([sql]).first else {
            throw PostgresError(.decoding, "the statement returned no result")
        }
        return rows
    }

    /// All statements in one round trip and one transaction: all or nothing, the first error is thrown.
    ///
    /// The transaction is the implicit one of a pipeline: LOCK TABLE, SET LOCAL and cursors need `transaction`.
    @discardableResult public func batch(_ statements: [SQL]) async throws -> [Rows] {
        if statements.isEmpty { return [] }
        return try await pool.run(statements)
    }

    /// BEGIN…COMMIT around the closure; an error rolls back and is thrown on. Not repeated by itself: see
    /// `PostgresError.isRetryable`.
    @discardableResult public func transaction<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await withConnection { try await $0.transaction(body) }
    }

    /// One connection for the length of the closure, for session-level things (advisory locks). A transaction that is
    /// left open is rolled back.
    @discardableResult public func withConnection<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        let wire = try await pool.acquire()
        let connection = await Connection(wire)
        do {
            let value = try await body(connection)
            await pool.release(wire)
            return value
        } catch {
            await pool.release(wire)
            throw error
        }
    }

    /// Several statements, simple protocol, for migrations; one transaction unless the text has its own.
    public func script(_ text: String, timeout: Duration? = nil) async throws {
        try await withConnection { try await $0.script(text, timeout: timeout) }
    }

    /// COPY … FROM STDIN in text format; the rows written. Chunks need not end at line ends.
    @discardableResult public func copyIn(
        isolation: isolated (any Actor)? = #isolation, _ sql: String, _ chunks: some Sequence<[UInt8]>
    ) async throws -> Int {
        try await withConnection { try await $0.copyIn(sql, chunks) }
    }

    /// One round trip, for the watchdog.
    @discardableResult public func ping() async throws -> Duration {
        let clock = ContinuousClock()
        return try await clock.measure { try await query("SELECT 1") }
    }

    /// No new statements; what runs may finish within the grace, then everything is closed. Idempotent.
    public func close(grace: Duration = .seconds(10)) async {
        await pool.close(grace: grace)
    }
}
