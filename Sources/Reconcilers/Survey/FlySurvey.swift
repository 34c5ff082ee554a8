import FoundationEssentials
import Logging
import Postgres
import Queue
import Vendors

/// Compares the whole fleet with what Fly lists, in a few bulk calls, and wakes the keys that disagree. It changes no
/// machine: what to do about a key is its own job's decision, made from a look by id (design laws 1 and 2).
///
/// Keys of its kind: `survey/fly`, which comes back by itself, and `survey/accept`, an operator's word that the machines
/// missing now are really gone.
public struct FlySurvey: Sendable {
    public static let kindName = "survey"
    /// The key of the recurring survey; wake it once at start.
    public static let key = "fly"
    /// The key that accepts a dropped population once.
    public static let acceptKey = "accept"

    let client: FlyClient
    let database: Database
    let settings: SurveySettings
    let logger: Logger

    public init(client: FlyClient, database: Database, settings: SurveySettings = SurveySettings(), logger: Logger) {
        self.client = client
        self.database = database
        self.settings = settings
        self.logger = logger
    }

    /// For the worker of every daemon that has a Fly token: the job's key makes it run once among them.
    public var jobKind: JobKind {
        JobKind(
            name: Self.kindName, concurrency: 1, deadline: .seconds(600),
            backoff: Backoff(base: .seconds(5), cap: .seconds(60))
        ) { lease in try await run(lease) }
    }

    func run(_ lease: Lease) async throws -> Verdict {
        let isAccepting: Bool
        switch lease.key {
        case Self.key: isAccepting = false
        case Self.acceptKey: isAccepting = true
        default:
            return Verdict(.blocked("there is no survey '\(lease.key ?? "")': wake survey/fly or survey/accept"))
        }
        do {
            let findings = try await look()
            var report = SurveyReport(findings, settings: settings, isAccepting: isAccepting)
            try await report.decide(in: database)
            tell(report)
            if !report.isFrozen { report.swept = try await sweep(findings, under: lease) }
            let next = report.isRollingOut ? settings.rolloutInterval : settings.interval
            return Verdict(.settled(next: isAccepting ? nil : next), writes: report.writes, log: report.log)
        } catch let error as FlyError {
            return Verdict(.retry(because: error.description), writes: try await unseen(error))
        }
    }

    /// Everything that is read before anything is decided.
    private func look() async throws -> SurveyFindings {
        let memory = try await FleetMemory.read(database)
        let fleet = try await FleetGroups.read(database, listLag: settings.listLag)
        let rows = FleetRows(database: database)
        var machines = try await MachineCensus.take(
            of: client, rows: rows, sharedApps: fleet.sharedApps, pageSize: settings.pageSize)
        let volumes = try await VolumeCensus.take(
            of: client, rows: rows, names: fleet.names, pageSize: settings.pageSize)
        try await SharedChecks(client: client, rows: rows).look(at: fleet.sharedApps, into: &machines)
        // Rows that came or went during the pass make the numbers differ, too: then it costs one more read.
        let missing =
            machines.matched == fleet.placed
            ? MissingMachines()
            : try await MissingMachines.find(machines, in: database, listLag: settings.listLag)
        let orphans = try await OrphanRecord.read(database, grace: settings.orphanGrace)
        return SurveyFindings(
            memory: memory, fleet: fleet, machines: machines, volumes: volumes, missing: missing, records: orphans)
    }

    private func sweep(_ findings: SurveyFindings, under lease: Lease) async throws -> Int {
        let due = OrphanSweep.due(
            findings.records, seen: Set(findings.orphans.map(\.id)), sweepsAll: settings.sweepsOrphans,
            limits: [
                .machine: settings.blastRadius.of(findings.machines.seen.count),
                .volume: settings.blastRadius.of(findings.volumes.listed),
            ])
        guard !due.isEmpty else { return 0 }
        return try await OrphanSweep(client: client, database: database, logger: logger).sweep(due, under: lease)
    }

    /// A vendor that does not answer says nothing about the fleet, and does not lift a freeze.
    private func unseen(_ error: FlyError) async throws -> [SQL] {
        guard try await !FleetMemory.read(database).isFrozen else { return [] }
        let reason: Reason =
            switch error.kind {
            case .unauthorized, .forbidden: .vendorUnauthorized
            default: .vendorUnavailable
            }
        return FleetCondition(
            type: .surveyed, status: .unknown, reason: reason, message: "\(error.action.rawValue): \(error.kind)"
        ).writes
    }

    private func tell(_ report: SurveyReport) {
        let memory = report.findings.memory
        if report.isFrozen, !memory.isFrozen {
            logger.error(
                "\(report.findings.missing.established) of \(report.findings.fleet.established) machines vanished from the list; creates and deletes stop",
                metadata: ["message-id": "population-dropped"])
        }
        if !report.repairs.held.isEmpty, !memory.areRepairsHeld {
            logger.error("\(report.heldText)", metadata: ["message-id": "repairs-halted"])
        }
        let known = Set(report.findings.records.map(\.orphan.id))
        let fresh = report.findings.orphans.filter { !known.contains($0.id) }
        if let first = fresh.first {
            logger.notice(
                "\(fresh.count) new orphans, first \(first.type.rawValue) \(first.id) of app \(first.app)",
                metadata: ["message-id": "orphans-found"])
        }
        if report.findings.machines.unreadable > 0 {
            logger.warning("\(report.findings.machines.unreadable) listed machines could not be read")
        }
    }
}
