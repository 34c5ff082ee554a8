import FoundationEssentials
import Postgres

/// What one survey saw.
struct SurveyFindings: Sendable {
    var memory: FleetMemory
    var fleet: FleetGroups
    var machines: MachineCensus
    var volumes: VolumeCensus
    var missing: MissingMachines
    var records: [OrphanRecord]

    var orphans: [Orphan] { machines.orphans + volumes.orphans }
}

/// What follows from it: statements of the transaction that ends the run.
struct SurveyReport: Sendable {
    let findings: SurveyFindings
    let settings: SurveySettings
    let isFrozen: Bool
    /// Machines whose absence is believed from now on.
    let accepted: Int
    var repairs = Repairs()
    var isRollingOut = false
    var swept = 0
    private var steps: [(progress: RolloutProgress, step: RolloutStep)] = []
    private var others: [UUID] = []

    init(_ findings: SurveyFindings, settings: SurveySettings, isAccepting: Bool) {
        self.findings = findings
        self.settings = settings
        let known = findings.fleet.established
        let missing = findings.missing.established
        let word = isAccepting ? missing : findings.memory.accepted
        let verdict = Population.judge(
            known: known, missing: missing, accepted: word, believable: settings.believableDrop)
        isFrozen = verdict == .dropped
        accepted =
            isFrozen
            ? 0
            : Population.remaining(
                accepted: word, missing: missing, known: known, believable: settings.believableDrop)
    }

    /// A list that is not believed wakes nobody and moves nothing.
    mutating func decide(in database: Database) async throws {
        guard !isFrozen else { return }
        var drifts = findings.machines.drifts
        for row in findings.missing.rows where drifts[row] == nil { drifts[row] = .missing }
        others = drifts.filter { !$0.value.isRepair }.map(\.key)
        let needs = try await Repairs.Need.read(drifts.filter(\.value.isRepair).map(\.key), from: database)
        repairs = Repairs.choose(among: needs, groups: findings.fleet.sizes, share: settings.blastRadius)
        for group in findings.fleet.groups {
            let wasMoving = findings.memory.rollouts[group.profile].map { $0 != .rolledOut } ?? false
            guard group.behind > 0 || wasMoving else { continue }
            let progress = try await RolloutProgress.read(
                group.profile, generation: group.generation, from: database)
            let step = RolloutStep.next(progress, share: settings.blastRadius)
            switch step {
            case .wait, .letThrough: isRollingOut = true
            case .done, .halt: break
            }
            steps.append((progress, step))
        }
    }

    var writes: [SQL] {
        guard !isFrozen else { return surveyed.writes }
        var writes = surveyed.writes
        let wakes = others + repairs.allowed
        if !wakes.isEmpty { writes.append(Wakes.wake(wakes)) }
        if settings.checkupsPerSurvey > 0 {
            writes.append(Wakes.checkups(settings.checkupsPerSurvey, every: settings.interval))
        }
        for (progress, step) in steps {
            if case .letThrough(let machines) = step { writes.append(progress.letThrough(machines)) }
            writes += progress.condition(after: step).writes
        }
        writes += repairsCondition.writes
        writes += acceptance
        writes += OrphanRecord.replace(
            with: findings.orphans, known: findings.records, unknownRegions: findings.machines.errorRegions)
        return writes
    }

    /// Fields of the run's one log line.
    var log: [String: String] {
        var log = ["listed": "\(findings.machines.seen.count)", "rows": "\(findings.fleet.placed)"]
        func note(_ name: String, _ count: Int) {
            if count > 0 { log[name] = "\(count)" }
        }
        note("missing", findings.missing.rows.count)
        note("drifted", others.count)
        note("repairs", repairs.allowed.count)
        note("held", repairs.held.values.reduce(0, +))
        note("orphans", findings.orphans.count)
        note("swept", swept)
        if isFrozen { log["frozen"] = "true" }
        return log
    }

    var heldText: String {
        repairs.held.sorted { $0.key < $1.key }
            .map { "\($0.value) machines of profile \($0.key) need a repair beyond what is allowed at once" }
            .joined(separator: "; ")
    }

    private var surveyed: FleetCondition {
        let fleet = findings.fleet
        guard isFrozen else {
            return FleetCondition(type: .surveyed, status: .yes, reason: .surveyed, message: "")
        }
        return FleetCondition(
            type: .surveyed, status: .no, reason: .populationDropped,
            message:
                "\(findings.missing.established) of \(fleet.established) machines are not in the list; if they are really gone: select converged.wake('survey', 'accept')"
        )
    }

    private var repairsCondition: FleetCondition {
        repairs.held.isEmpty
            ? FleetCondition(type: .repairs, status: .yes, reason: .surveyed, message: "")
            : FleetCondition(type: .repairs, status: .no, reason: .repairsHalted, message: heldText)
    }

    private var acceptance: [SQL] {
        guard accepted > 0 else {
            return findings.memory.accepted > 0 ? [FleetCondition.removal(of: .populationAccepted)] : []
        }
        let text = "\(accepted) missing machines are accepted as gone and made anew, a tenth at a time"
        return FleetCondition(
            type: .populationAccepted, status: .yes, reason: .surveyed, message: text, generation: Int64(accepted)
        ).writes
    }
}
