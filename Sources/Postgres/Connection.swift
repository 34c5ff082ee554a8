/// One leased connection. Its operations run one after the other; used after the closure that got it, it throws
/// `.closed`.
public struct Connection: Sendable {
    private let wire: Wire
    private let lease: Int

    @Loop init(_ wire: Wire) {
        self.wire = wire
        lease = wire.lease
    }

    /// One statement: in the open transaction, or in one of its own.
    @discardableResult public func query(_ sql: SQL) async throws -> Rows {
        guard let rows = try await batch([sql]).first else {
            throw PostgresError(.decoding, "the statement returned no result")
        }
        return rows
    }

    /// All statements in one round trip; outside a transaction they are one.
    @discardableResult public func batch(_ statements: [SQL]) async throws -> [Rows] {
        if statements.isEmpty { return [] }
        return try await run(statements)
    }

    @Loop private func run(_ statements: [SQL]) async throws -> [Rows] {
        let wire = try leasedWire()
        return try await wire.run(statements, wire.purpose)
    }

    /// Several statements, simple protocol. `timeout` replaces the client's own limit; the server's
    /// `statement_timeout` is for the text to set.
    @Loop public func script(_ text: String, timeout: Duration? = nil) async throws {
        let wire = try leasedWire()
        try await wire.script(text, timeout: timeout, wire.purpose)
    }

    /// COPY … FROM STDIN in text format; the rows written.
    @discardableResult public func copyIn(
        isolation: isolated (any Actor)? = #isolation, _ sql: String, _ chunks: some Sequence<[UInt8]>
    ) async throws -> Int {
        try await copyBegin(sql)
        do {
            var block: [UInt8] = []
            for chunk in chunks {
                block.append(contentsOf: chunk)
                // A hop to the loop for every row would cost more than the row.
                if block.count >= 1 << 16 {
                    try await copyWrite(block)
                    block.removeAll(keepingCapacity: true)
                }
            }
            try await copyWrite(block)
        } catch {
            try? await copyAbort()
            throw error
        }
        return try await copyEnd()
    }

    /// BEGIN…COMMIT around the closure; an error rolls back and is thrown on.
    @discardableResult public func transaction<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (Connection) async throws -> Value
    ) async throws -> Value {
        try await begin()
        do {
            let value = try await body(self)
            try await commit()
            return value
        } catch {
            await rollBack()
            throw error
        }
    }

    /// Asks the server to stop what runs on this connection; its caller gets `.cancelled`.
    @Loop public func cancel() {
        if let wire = try? leasedWire() { wire.cancelCurrent() }
    }

    @Loop private func leasedWire() throws -> Wire {
        guard wire.lease == lease else {
            throw PostgresError(.closed, "a connection was used after the closure it was given to")
        }
        return wire
    }

    @Loop private func begin() throws { try leasedWire().begin() }
    @Loop private func commit() async throws { try await leasedWire().commit() }
    @Loop private func rollBack() async { await wire.rollBack() }
    @Loop private func copyBegin(_ sql: String) async throws { try await leasedWire().copyBegin(sql) }
    @Loop private func copyWrite(_ block: [UInt8]) async throws { try await leasedWire().copyWrite(block) }
    @Loop private func copyAbort() async throws { _ = try await wire.copyEnd(abort: "the sender gave up") }
    @Loop private func copyEnd() async throws -> Int { try await leasedWire().copyEnd() }
}
