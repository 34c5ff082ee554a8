import FoundationEssentials
import Postgres
import Vendors

/// What follows from one survey of a droplet. Pure; `writes` are the statements of the transaction that ends the run.
struct DropletReport: Sendable {
    let row: DropletRow
    let version: String?
    let rows: [ExpectedContainer]
    let census: DropletCensus
    let memory: DropletMemory
    let isFrozen: Bool
    /// Containers whose absence is believed from now on.
    let accepted: Int
    let repairs: Repairs
    /// Keys to be woken besides the repairs.
    let others: [UUID]
    let told: [StabilityToTell]

    init(
        row: DropletRow, version: String?, rows: [ExpectedContainer], census: DropletCensus, memory: DropletMemory,
        trouble: Trouble.Verdict, touched: Set<Trouble.Owner>, settings: DropletSettings, isAccepting: Bool
    ) {
        self.row = row
        self.version = version
        self.rows = rows
        self.census = census
        self.memory = memory
        let word = isAccepting ? census.missing.count : memory.accepted
        isFrozen = census.population(settings, accepted: word) == .dropped
        let share = settings.believableDrop
        accepted = isFrozen ? 0 : min(word, census.missing.count)
        let drifts = isFrozen ? [:] : census.drifts
        let needs = rows.filter { !$0.isBlocked && drifts[$0.id]?.isRepair ?? false }
            .map { Repairs.Need(row: $0.id, profile: row.name, isUnderway: $0.isUnderway) }
        let repairs = Repairs.choose(
            among: needs, groups: [row.name: max(census.established, share.atLeast)], share: settings.blastRadius)
        let held = Set(needs.map(\.row)).subtracting(repairs.allowed)
        others = rows.filter { row in
            guard !row.isUnderway, !held.contains(row.id), !repairs.allowed.contains(row.id) else { return false }
            if touched.contains(row.owner) { return true }
            guard !row.isBlocked, let drift = drifts[row.id] else { return false }
            return !drift.isRepair
        }.map(\.id)
        self.repairs = repairs
        told = StabilityToTell.from(rows, trouble, window: settings.loopWindow)
    }

    /// The droplet was not seen for a while, or never: whatever was true of it before is looked at once.
    var isBack: Bool { row.status != "reachable" && row.status != "deleting" }

    var surveyed: ConditionToTell {
        guard isFrozen else { return ConditionToTell(DropletMemory.Condition.surveyed, "True", .surveyed) }
        return ConditionToTell(
            DropletMemory.Condition.surveyed, "False", .populationDropped,
            "\(census.missing.count) of \(census.established) containers are not in the list; if they are really gone: select converged.wake('survey@\(row.name)', '\(DropletSurvey.acceptKey)')"
        )
    }

    var repairsHeld: ConditionToTell {
        guard let count = repairs.held[row.name] else {
            return ConditionToTell(DropletMemory.Condition.repairs, "True", .surveyed)
        }
        return ConditionToTell(
            DropletMemory.Condition.repairs, "False", .repairsHalted,
            "\(count) containers need a repair beyond what is allowed at once")
    }

    /// Fields of the run's one log line; empty when there is nothing new.
    var log: [String: String] {
        var log: [String: String] = [:]
        func note(_ name: String, _ count: Int) {
            if count > 0 { log[name] = "\(count)" }
        }
        note("missing", census.missing.count)
        note("drifted", others.count)
        note("repairs", repairs.allowed.count)
        note("held", repairs.held[row.name] ?? 0)
        note("orphans", census.orphans.count)
        note("unstable", told.filter { !$0.isStable }.count)
        if isFrozen { log["frozen"] = "true" }
        if isBack { log["back"] = "true" }
        return log
    }
}
