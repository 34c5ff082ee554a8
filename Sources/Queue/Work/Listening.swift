import Postgres
import Synchronization

extension Worker {
    /// Every notice is only a hint to look; so is a fresh connection, since hints may have been lost before it.
    func listen() async {
        for await notice in database.listen(Self.channels) { await hint(notice) }
    }

    /// What a worker wants to hear of. A process with several workers listens once for all of them (with `listens` off) and
    /// passes each notice on.
    public static let channels = ["converged_jobs", beatChannel]

    /// A notice here asks for a heartbeat now: what that brings has changed.
    static let beatChannel = "converged_cancellations"

    public func hint(_ notice: Notice) async {
        if case .notification("converged_jobs", _) = notice {} else { await beatNow() }
        ledger.withLock { $0.isHinted = true }
        signal.fire()
    }
}
