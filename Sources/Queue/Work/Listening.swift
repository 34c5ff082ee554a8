import Postgres
import Synchronization

extension Worker {
    /// Every notice is only a hint to look; so is a fresh connection, since hints may have been lost before it.
    func listen() async {
        for await notice in database.listen(["converged_jobs", "converged_cancellations"]) {
            if case .notification("converged_jobs", _) = notice {} else { await beatNow() }
            ledger.withLock { $0.isHinted = true }
            signal.fire()
        }
    }
}
