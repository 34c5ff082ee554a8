import Outbound

/// Published limits of the Machines API (contract fly, "Rate limits") as budgets of the Outbound room.
///
/// The rates are the published ones; the bursts are one below, because calls arrive a little closer together than
/// they were sent.
public enum FlyBudgets {
    public static let vendor: BudgetName = "fly"
    static let appDeletes: BudgetName = "fly/delete-app"

    /// - Parameter vendorWide: a bound of our own over all calls of this process; Fly publishes none.
    public static func standard(
        vendorWide: Budget = Budget(ratePerSecond: 200, burst: 400)
    ) -> [BudgetName: Budget] {
        [
            vendor: vendorWide,
            appDeletes: Budget(ratePerSecond: 100.0 / 60, burst: 5),
            "fly/get-machine/*": Budget(ratePerSecond: 5, burst: 9),
            "fly/*": Budget(ratePerSecond: 1, burst: 2),
        ]
    }

    /// The budgets that one call needs: the vendor's, and that of its action on its target (machine, volume or app).
    static func names(_ action: FlyAction, target: String) -> [BudgetName] {
        var names = [vendor, BudgetName("fly/\(action.rawValue)/\(target)")]
        if action == .deleteApp { names.append(appDeletes) }
        return names
    }
}
