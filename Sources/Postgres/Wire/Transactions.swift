import CPostgres

extension Wire {
    /// What a statement sent now means: a transaction's statements are undone with it.
    var purpose: Purpose { transaction == .none ? .autocommit : .inTransaction }

    /// BEGIN is sent with the first statement and saves a round trip; without one nothing is sent at all.
    func begin() throws {
        guard transaction == .none else {
            throw PostgresError(.closed, "a transaction is already open on this connection")
        }
        transaction = .pending
    }

    func commit() async throws {
        defer { transaction = .none }
        guard transaction == .open else { return }
        let rows = try await run(["COMMIT"], .commit)
        // The server answers COMMIT with ROLLBACK when a statement had failed and the caller went on.
        guard rows.last?.tag == "COMMIT" else {
            throw PostgresError(
                .server, "the transaction was rolled back because one of its statements had failed", sqlState: "25P02")
        }
    }

    /// Never throws: a connection that cannot be cleaned is cut, which rolls back too.
    func rollBack() async {
        defer { transaction = .none }
        if transaction == .open || PQtransactionStatus(connection) != PQTRANS_IDLE, !isDead {
            transaction = .open
            do { _ = try await run(["ROLLBACK"], .cleaning) } catch { kill() }
        }
    }

    /// Nobody reads what a pooled connection hears.
    func dropNotices() {
        while let notification = PQnotifies(connection) { PQfreemem(notification) }
    }

    /// Whether the next caller may have it as it is.
    var isClean: Bool {
        !isDead && !isBusy && !isCopying && transaction == .none && PQtransactionStatus(connection) == PQTRANS_IDLE
    }
}
