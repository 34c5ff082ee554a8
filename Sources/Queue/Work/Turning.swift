import Logging
import Postgres
import Synchronization

extension Worker {
    /// Sends what has ended and asks for more, one round trip and one commit.
    ///
    /// - Parameter connection: nil: one of the pool.
    func perform(_ turn: Turn, on connection: Connection? = nil) async {
        defer { signal.fire() }
        var statements = Finish.statements(turn.finishes)
        let finishing = statements.count
        if let hinted = turn.hinted {
            statements += hinted.statements(for: turn.worker)
        } else if let limits = turn.limits {
            statements.append(Claim(limits: limits, worker: turn.worker, floors: turn.floors).statement(kinds))
        }
        let sentAt = ContinuousClock.now
        do {
            let results =
                if let connection { try await connection.batch(statements) } else {
                    try await database.batch(statements)
                }
            let took = ContinuousClock.now - sentAt
            let answers = try Finish.answers(results.prefix(finishing))
            let claim = try claim(of: turn, results.dropFirst(finishing))
            let begun = ledger.withLock { ledger in
                if !turn.finishes.isEmpty { ledger.counters.finishRoundTrip.record(took) }
                if claim != nil { ledger.counters.claimRoundTrip.record(took) }
                return ledger.settle(turn, answers, claim, .now)
            }
            start(begun)
            for finish in turn.finishes { tell(finish, answers[finish.lease.job]) }
        } catch {
            failed(turn, error)
        }
    }

    private func claim(of turn: Turn, _ answers: ArraySlice<Rows>) throws -> Claim.Result? {
        guard turn.limits != nil, let last = answers.last else { return nil }
        return turn.hinted == nil ? try Claim.Result(last, database) : try HintedClaim.result(last, database)
    }

    private func failed(_ turn: Turn, _ error: any Error) {
        let refusal = error as? PostgresError
        if refusal?.sqlState == QueueSQLState.workerGone {
            ledger.withLock { $0.fail(turn, isRetryable: true, isUnknown: false, .now) }
            lapse(turn.worker, "another worker took this one for dead")
            return
        }
        // An answer that cannot be read was given after the commit.
        let isUnknown =
            refusal.map { $0.outcomeUnknown || [.timeout, .cancelled, .decoding].contains($0.kind) } ?? true
        let failures = ledger.withLock { ledger in
            ledger.fail(turn, isRetryable: refusal?.isRetryable ?? false, isUnknown: isUnknown, .now)
            return ledger.failures
        }
        tellFailure(error, failures)
    }

    /// Finds out which leases the database holds for this worker after an answer was lost.
    func renew(_ renewal: Renewal) async {
        defer { signal.fire() }
        do {
            let rows = try await database.query(
                """
                select converged.renew_worker(\(renewal.worker), \(renewal.held.map(\.job))::bigint[],
                    \(renewal.held.map(\.fence))::bigint[])
                """)
            let id: Int64 = try rows.scalar()
            ledger.withLock { $0.renewed(renewal, as: id) }
        } catch let error as PostgresError where error.sqlState == QueueSQLState.workerGone {
            ledger.withLock { $0.turning -= 1 }
            lapse(renewal.worker, "another worker took this one for dead")
        } catch {
            let turn = Turn(worker: renewal.worker, finishes: [], limits: nil)
            let failures = ledger.withLock { ledger in
                // A renewal that was committed without our hearing of it ends in `workerGone` at the next try.
                ledger.fail(turn, isRetryable: true, isUnknown: false, .now)
                return ledger.failures
            }
            tellFailure(error, failures)
        }
    }

    /// Gives the present registration up; runs under another one are left alone.
    func lapse(_ worker: Int64, _ reason: String) {
        let cancels = ledger.withLock { $0.worker == worker ? $0.lapse(.now) : nil }
        guard let cancels else { return }
        for task in cancels { task.cancel() }
        tellLapse(reason)
        signal.fire()
    }

    /// The first failure of a row is told, then every hundredth: a database that is away for an hour is one event.
    private func tellFailure(_ error: any Error, _ failures: Int) {
        let level: Logger.Level = failures % 100 == 1 ? .warning : .debug
        logger.log(
            level: level, "the queue gets no answer, trying again: \(error)",
            metadata: ["message-id": "database-unreachable", "failures": "\(failures)"])
    }
}
