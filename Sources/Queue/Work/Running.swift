import Logging
import Postgres
import Synchronization

extension Worker {
    /// Each run is a task of its own, so that it can be cancelled alone: at its deadline, or because an operator asked.
    /// The ledger holds its end of the thread, and `run()` does not return before all have ended or were handed back.
    func start(_ runs: [Ledger.Run]) {
        guard !runs.isEmpty else { return }
        let tasks = runs.map { run in (run.lease, Task.immediate { await execute(run) }) }
        for task in ledger.withLock({ $0.started(tasks) }) { task.cancel() }
    }

    private func execute(_ run: Ledger.Run) async {
        let lease = run.lease
        let kind = kinds[run.kind]
        var finish: Finish?
        var writes: [SQL] = []
        do {
            let verdict = try await kind.run(kind.isSecret ? lease.opened(with: settings.argumentSeal) : lease)
            finish = Finish(lease, verdict, kind, startedAt: run.startedAt, unit: settings.unit())
            writes = verdict.writes
        } catch let refusal as SealRefused {
            finish = Finish(lease, .blocked, startedAt: run.startedAt, message: refusal.description)
        } catch {
            finish = failure(run, kind, error)
        }
        if let ending = finish, !writes.isEmpty { finish = await commit(ending, writes, run) }
        if ledger.withLock({ $0.end(lease, finish, .now) }) { signal.fire() }
    }

    /// What an error means depends on whether the run had been cancelled, and why.
    private func failure(_ run: Ledger.Run, _ kind: JobKind, _ error: any Error) -> Finish? {
        let reason = ledger.withLock { $0.cancellation(of: run.lease) }
        if error is LeaseLost {
            lost(run.lease)
            return nil
        }
        switch reason {
        case .lapse: return nil
        case .stop: return Finish(run.lease, .returned, startedAt: run.startedAt)
        case .requested:
            return Finish(run.lease, .cancelled, startedAt: run.startedAt, message: "an operator asked for it")
        case .deadline:
            let verdict = Verdict(.retry(because: "the deadline of \(kind.deadline) passed"))
            return Finish(run.lease, verdict, kind, startedAt: run.startedAt, unit: settings.unit())
        case nil:
            let verdict = Verdict(.retry(because: kind.describe(error)))
            return Finish(run.lease, verdict, kind, startedAt: run.startedAt, unit: settings.unit())
        }
    }

    /// The transaction of a verdict with writes: the lease, the writes, the end of the run. Returns what is left to be
    /// sent with the next round trip: nothing, or the end of a run whose writes the database refuses.
    private func commit(_ finish: Finish, _ writes: [SQL], _ run: Ledger.Run) async -> Finish? {
        var finish = finish
        var failures = 0
        while true {
            do {
                let results = try await database.batch([finish.lease.assertion] + writes + [Finish.statement([finish])])
                let answer = try Finish.answers(results.suffix(1))[finish.lease.job]
                ledger.withLock { $0.finished(finish, answer, .now) }
                tell(finish, answer)
                return nil
            } catch let error as PostgresError where error.sqlState == QueueSQLState.leaseLost {
                if finish.isUncertain {
                    // The first try ended the run, or else another worker has done so since; either way it is over.
                    tell(finish, nil)
                    ledger.withLock { $0.finished(finish, nil, .now) }
                } else {
                    lost(finish.lease)
                }
                return nil
            } catch let error as PostgresError where error.isRetryable || error.outcomeUnknown {
                finish.isUncertain = finish.isUncertain || error.outcomeUnknown || error.kind == .timeout
                failures += 1
            } catch {
                // Cancelled just now: the writes are void, and what the cancellation means decides.
                if Task.isCancelled { return failure(run, kinds[run.kind], error) }
                let refusal = "the writes of this run were refused: \(kinds[run.kind].describe(error))"
                logger.error("\(refusal)", metadata: metadata(finish))
                let verdict = Verdict(.retry(because: refusal))
                return Finish(
                    finish.lease, verdict, kinds[run.kind], startedAt: run.startedAt, unit: settings.unit())
            }
            try? await Task.sleep(for: .milliseconds(50) * (1 << min(failures, 4)) * (0.5 + settings.unit() / 2))
            if Task.isCancelled { return failure(run, kinds[run.kind], CancellationError()) }
        }
    }

    private func lost(_ lease: Lease) {
        ledger.withLock { $0.counters.leaseLosses += 1 }
        tellLoss(lease)
    }
}
