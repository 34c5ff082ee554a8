/// Pauses and limits of the planner, in seconds of database time.
struct MachineLimits: Sendable, Equatable {
    /// Between two lists that must agree.
    var lookPauseSeconds = 3.0
    /// A create that may have happened is believed lost only after so long.
    var createSettleSeconds = 10.0
    /// A failing check is endured so long before a restart.
    var unhealthySeconds = 120.0
    var repairsPerWindow = 3
    var repairWindowSeconds = 3600.0
    /// A machine that starts or stops is looked at again after so long.
    var passingSeconds = 2.0
    /// Frozen machines, unreachable hosts, foreign leases.
    var patienceSeconds = 60.0
    /// Blocked by something outside the row.
    var blockedSeconds = 3600.0
    var quotaSeconds = 86400.0
}
