/// SQLSTATEs of the queue's own refusals, raised by the functions in `sql/`.
///
/// # The life of a lease
///
/// 1. **Wake.** `converged.wake(kind, key, urgent)` inserts a row into `converged.wakes` and notifies. It is part of
///    whatever transaction changed the object, and locks nothing that a worker needs.
/// 2. **Fold and claim**, one round trip (``Claim``): a ``Worker`` moves the wakes of its kinds into `converged.jobs`,
///    one row per kind and key, then leases due jobs in the order of their rank, up to the free capacity of each kind. A
///    lease is the pair of job id and *fence*; a job taken back and leased again has another fence.
/// 3. **Run.** The kind's handler gets the ``Lease``. It may write in between through ``Lease/write(_:)``, which commits
///    only while the fence still holds. A wake during the run marks the job dirty, or stays in the inbox until the job is
///    gone: either way a run begins after the last wake.
/// 4. **Finish**, compare-and-set on id and fence (``Finish``): verdicts without writes go together with the next claim,
///    or within 5 ms; a verdict with writes is a transaction of its own that commits all of them or nothing.
/// 5. **Rescue.** One row in `converged.workers` proves that a worker lives. When it was not seen for 10 s, any other
///    worker takes its jobs back, and the fence refuses what comes late. A worker that could not renew its row for 8 s
///    cancels its own runs, so that two runs of one key never overlap.
///
/// Every time in this is the database's (`converged.now()`); only the 8 s are measured by the worker's own monotonic
/// clock, because they must pass even when the database does not answer.
public enum QueueSQLState {
    /// The job is not held under this fence any more.
    public static let leaseLost = "CV001"
    /// The worker's row is gone: it was thought dead.
    public static let workerGone = "CV002"
    /// An operator named a job or pause that does not exist.
    public static let notFound = "CV404"
    /// The job is not in a state in which this can be done.
    public static let conflict = "CV409"
}
