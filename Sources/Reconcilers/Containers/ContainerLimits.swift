/// Pauses and limits of the planner, in seconds of database time.
public struct ContainerLimits: Sendable, Equatable {
    /// A container that starts is looked at again after so long.
    public var lookPauseSeconds = 2.0
    /// A new container that does not answer is given up after so long, and the former one takes over again.
    public var provingSeconds = 180.0
    /// Restarts by Docker after which a new container is given up at once.
    public var loopRestarts = 5
    /// Bad health is endured so long before a restart.
    public var unhealthySeconds = 60.0
    public var repairsPerWindow = 3
    public var repairWindowSeconds = 3600.0
    /// Frozen droplets, halted repairs.
    public var patienceSeconds = 60.0
    /// Blocked by something outside the row.
    public var blockedSeconds = 900.0
    /// Between SIGTERM and SIGKILL.
    public var graceSeconds = 30

    public init() {}
}
