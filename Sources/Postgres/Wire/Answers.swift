import CPostgres

extension Wire {
    /// The next result, sending what is still unsent meanwhile; nil ends the results of a statement.
    func nextResult() async throws -> OpaquePointer? {
        while true {
            if hasUnsentBytes { hasUnsentBytes = PQflush(connection) == 1 }
            if PQisBusy(connection) == 0 { break }
            try await pause(hasUnsentBytes ? [.read, .write] : .read)
            // Even when the socket has broken, what had arrived before comes first.
            if PQconsumeInput(connection) == 0 { break }
        }
        let result = PQgetResult(connection)
        guard let result else { return nil }
        if PQresultStatus(result) != PGRES_FATAL_ERROR { extendDeadline() }
        return result
    }

    /// The error that libpq keeps for the whole connection.
    var connectionError: PostgresError {
        let message = String(cString: PQerrorMessage(connection)).essence
        return PostgresError(.connection, message.isEmpty ? "the connection was lost" : message)
    }

    /// Reads the results of one simple query up to its end; the first error wins.
    func finishSimpleQuery() async throws -> Rows? {
        var last: Rows?
        var failure: PostgresError?
        while let pointer = try await nextResult() {
            let result = ResultMemory(pointer)
            switch PQresultStatus(pointer) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                last = Rows(result)
            case PGRES_FATAL_ERROR:
                let error = PostgresError(result: pointer)
                if error.kind == .connection { throw error }
                failure = failure ?? error
            default:
                throw PostgresError(.connection, "COPY has to go through copyIn; the connection was cut")
            }
        }
        guard PQstatus(connection) == CONNECTION_OK else { throw failure ?? connectionError }
        if let failure { throw failure }
        return last
    }

    /// Several statements in one text, simple protocol.
    func script(_ text: String, timeout: Duration?, _ purpose: Purpose) async throws {
        try await operate(purpose, timeout: timeout) {
            guard PQsendQuery(connection, text) == 1 else { throw connectionError }
            hasUnsentBytes = true
            _ = try await finishSimpleQuery()
        }
    }
}
