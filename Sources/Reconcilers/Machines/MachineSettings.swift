/// How the kind `machine` works.
public struct MachineSettings: Sendable {
    /// Runs at once. Most of a run is waiting for a machine to start.
    public var concurrency = 256
    public var deadlineSeconds = 150
    /// Settled machines are read this often even when no survey finds them changed.
    public var resyncSeconds = 86_400
    /// The longest single wait for a machine to start or stop, 1 to 60; after it the run ends and comes back.
    public var waitSeconds = 15
    /// Life of the lease at Fly that covers an update.
    public var leaseSeconds = 30

    public init() {}
}
