import CPostgres

extension Wire {
    private enum Slot {
        case begin
        case housekeeping
        case prepare(String)
        case statement(Int)
    }

    /// Sends all statements with one Sync: one round trip, and outside BEGIN…COMMIT one transaction.
    func run(_ statements: [SQL], _ purpose: Purpose) async throws -> [Rows] {
        let parameters = try statements.map { try Parameters($0.values) }
        return try await operate(purpose) {
            let before = transaction
            do {
                return try await pipeline(statements, parameters)
            } catch let error as PostgresError where error.isStalePlan && before != .open {
                // The server rolled all of it back, so doing it again with fresh plans repeats nothing.
                if before == .pending {
                    _ = try await pipeline(["ROLLBACK"], [Parameters([])])
                    transaction = .pending
                }
                return try await pipeline(statements, parameters)
            }
        }
    }

    private func pipeline(_ statements: [SQL], _ parameters: [Parameters]) async throws -> [Rows] {
        guard !isCopying, PQenterPipelineMode(connection) == 1 else {
            throw PostgresError(.connection, "the connection is in the middle of a COPY; it was cut")
        }
        guard let slots = send(statements, parameters) else {
            // Without the Sync nothing is committed.
            var error = connectionError
            error.isUnsent = true
            throw error
        }
        hasUnsentBytes = true
        defer { self.statements.dropUnconfirmed() }
        let (rows, failure) = try await collect(slots, statements.count)
        guard PQexitPipelineMode(connection) == 1 else { throw connectionError }
        if let failure {
            if failure.isStalePlan { refreshPlans(of: statements, after: failure) }
            throw failure
        }
        return rows
    }

    /// What is sent, in order; nil when libpq refused, which it does when the connection is gone.
    private func send(_ sqls: [SQL], _ parameters: [Parameters]) -> [Slot]? {
        var slots: [Slot] = []
        var isSent = true
        if transaction == .pending {
            isSent = sendPlain("BEGIN") && isSent
            slots.append(.begin)
        }
        let areNew = settings.prepared ? statements.use(sqls.map(\.text)) : []
        // A failed transaction takes nothing but ROLLBACK.
        if PQtransactionStatus(connection) != PQTRANS_INERROR {
            for name in statements.takeCondemned() {
                isSent = sendPlain("DEALLOCATE \(name)") && isSent
                slots.append(.housekeeping)
            }
        }
        for (index, sql) in sqls.enumerated() {
            if settings.prepared {
                let name = StatementCache.name(of: sql.text)
                if areNew[index] {
                    isSent = PQsendPrepare(connection, name, sql.text, Int32(sql.values.count), nil) == 1 && isSent
                    slots.append(.prepare(sql.text))
                }
                isSent = parameters[index].send(name: name, on: connection) && isSent
            } else {
                isSent = parameters[index].send(text: sql.text, on: connection) && isSent
            }
            slots.append(.statement(index))
        }
        return isSent && PQpipelineSync(connection) == 1 ? slots : nil
    }

    private func sendPlain(_ text: String) -> Bool {
        PQsendQueryParams(connection, text, 0, nil, nil, nil, nil, 0) == 1
    }

    /// Reads up to the Sync. Success is only known there: the commit itself can still fail.
    private func collect(_ slots: [Slot], _ count: Int) async throws -> ([Rows], PostgresError?) {
        var rows: [Rows] = []
        rows.reserveCapacity(count)
        var failure: PostgresError?
        var slot = 0
        var silences = 0
        while silences <= slots.count + 4 {
            guard let pointer = try await nextResult() else {
                if PQstatus(connection) != CONNECTION_OK { throw failure ?? connectionError }
                slot += 1
                silences += 1
                continue
            }
            let result = ResultMemory(pointer)
            switch PQresultStatus(pointer) {
            case PGRES_PIPELINE_SYNC:
                return (rows, failure)
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                guard slot < slots.count else { break }
                switch slots[slot] {
                case .begin: transaction = .open
                case .housekeeping: break
                case .prepare(let text): statements.confirm(text)
                case .statement: rows.append(Rows(result))
                }
            case PGRES_PIPELINE_ABORTED:
                break
            case PGRES_FATAL_ERROR:
                let error = PostgresError(result: pointer)
                if error.kind == .connection { throw error }
                failure = failure ?? error
            default:
                throw PostgresError(.connection, "COPY has to go through copyIn; the connection was cut")
            }
        }
        throw PostgresError(.connection, "the server's answers do not match what was sent; the connection was cut")
    }

    private func refreshPlans(of sqls: [SQL], after failure: PostgresError) {
        guard failure.sqlState != "26000" else { return statements.forgetAll() }
        for sql in sqls { statements.condemn(sql.text) }
    }
}
