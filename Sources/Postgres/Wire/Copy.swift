import CPostgres

/// COPY … FROM STDIN in three steps, so that the caller's rows are made in the caller's isolation.
extension Wire {
    func copyBegin(_ text: String) async throws {
        if transaction == .pending { _ = try await run(["SELECT"], .inTransaction) }
        // Until its end is sent, none of it can be committed.
        try await operate(.inTransaction) {
            guard !isCopying, PQsendQuery(connection, text) == 1 else { throw connectionError }
            hasUnsentBytes = true
            guard let pointer = try await nextResult() else { throw connectionError }
            let result = ResultMemory(pointer)
            guard PQresultStatus(result.pointer) != PGRES_COPY_IN else {
                isCopying = true
                return
            }
            let isError = PQresultStatus(pointer) == PGRES_FATAL_ERROR
            let error =
                isError
                ? PostgresError(result: pointer)
                : PostgresError(.connection, "not a COPY … FROM STDIN; the connection was cut")
            if error.kind != .connection { _ = try await finishSimpleQuery() }
            throw error
        }
    }

    func copyWrite(_ bytes: [UInt8]) async throws {
        try await operate(.inTransaction) {
            while true {
                let status = bytes.withUnsafeBytes {
                    PQputCopyData(connection, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count))
                }
                guard status >= 0 else { throw connectionError }
                if status == 1 { break }
                try await flush()
            }
            // Bounds memory: libpq would otherwise buffer whatever the server does not take yet.
            try await flush()
        }
    }

    /// Ends the COPY; with a reason the server drops all of it.
    func copyEnd(abort reason: String? = nil) async throws -> Int {
        try await operate(reason == nil ? purpose : .cleaning) {
            defer { isCopying = false }
            while true {
                let status = PQputCopyEnd(connection, reason)
                guard status >= 0 else { throw connectionError }
                if status == 1 { break }
                try await flush()
            }
            hasUnsentBytes = true
            return try await finishSimpleQuery()?.affected ?? 0
        }
    }

    private func flush() async throws {
        while true {
            switch PQflush(connection) {
            case 0: return extendDeadline()
            case 1: break
            default: throw connectionError
            }
            // The server may be talking (notices, an early error) instead of reading.
            try await pause([.read, .write])
            guard PQconsumeInput(connection) == 1 else { throw connectionError }
        }
    }
}
