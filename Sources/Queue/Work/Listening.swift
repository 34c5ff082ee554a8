import Postgres
import Synchronization

extension Worker {
    /// Every notice is only a hint to look; so is a fresh connection, since hints may have been lost before it.
    func listen() async {
        await database.listen(Self.channels) { notice, connection in
            if case .notification("converged_jobs", let payload) = notice,
                let turn = self.ledger.withLock({ $0.turn(for: Hint(payload), .now) })
            {
                return await self.perform(turn, on: connection)
            }
            await self.hint(notice)
        }
    }

    /// What a worker wants to hear of. A process with several workers listens once for all of them (with `listens` off) and
    /// passes each notice on.
    public static let channels = ["converged_jobs", beatChannel]

    /// A notice here asks for a heartbeat now: what that brings has changed.
    static let beatChannel = "converged_cancellations"

    public func hint(_ notice: Notice) async {
        if case .notification("converged_jobs", let payload) = notice {
            guard ledger.withLock({ $0.concerns(Hint(payload)) }) else { return }
        } else {
            await beatNow()
        }
        ledger.withLock { $0.isHinted = true }
        signal.fire()
    }
}
