import FoundationEssentials
import Logging
import Postgres
import Queue
import Vendors

/// Compares everything on one droplet with one list of its Docker engine, and wakes the keys that disagree. It changes no
/// container: what to do about a key is its own job's decision, made from a look by id (design laws 1 and 2).
///
/// Kind `survey@<droplet>`; keys: the droplet's name, which comes back by itself, and `accept`, an operator's word that the
/// containers missing now are really gone.
struct DropletSurvey: Sendable {
    static let kindName = "survey"
    static let acceptKey = "accept"

    let droplet: ServedDroplet
    let gate: EngineGate
    let trouble: TroubleBook
    let database: Database
    let settings: DropletSettings
    let logger: Logger

    var jobKind: JobKind {
        JobKind(
            name: droplet.kind(Self.kindName), concurrency: 1, deadline: .seconds(120),
            backoff: Backoff(base: .seconds(2), cap: .seconds(30))
        ) { lease in try await run(lease) }
    }

    func run(_ lease: Lease) async throws -> Verdict {
        guard lease.key == droplet.name || lease.key == Self.acceptKey else {
            return Verdict(
                .blocked("there is no survey '\(lease.key ?? "")' here: wake \(droplet.name) or \(Self.acceptKey)"))
        }
        guard let row = try await DropletRow.read(droplet.name, from: database) else {
            return Verdict(.settled(next: nil))
        }
        switch try await gate.look() {
        case .closed(let reason, let why):
            // One lost connection is not yet an outage: everything on the droplet would be told of it.
            if reason == .hostUnreachable, row.status == "reachable", lease.attempt == 0 {
                return Verdict(.retry(because: why))
            }
            return try await close(row, reason, why)
        case .own(let version):
            do {
                return try await survey(row, version: version, isAccepting: lease.key == Self.acceptKey)
            } catch let error as DockerError {
                return Verdict(.retry(because: error.description))
            }
        }
    }

    /// Nobody can say what is there: nothing follows, and everything on it is told so.
    private func close(_ row: DropletRow, _ reason: Reason, _ why: String) async throws -> Verdict {
        let memory = try await DropletMemory.read(row.name, from: database)
        if memory.reason != reason.rawValue {
            logger.error(
                "droplet \(row.name) is frozen: \(why)",
                metadata: ["message-id": "host-unreachable", "kind": "droplet", "key": "\(row.name)"])
        }
        // Nothing of ours was ever made where no engine was ever seen.
        if row.isDeleting, row.engineID == nil {
            return Verdict(.settled(next: nil), writes: DropletReport.release(row))
        }
        // Told once; what is woken meanwhile is told by the gate.
        let isKnown = memory.reason == reason.rawValue && row.observedGeneration == row.generation
        return Verdict(
            .again(after: settings.closedPause), writes: isKnown ? [] : DropletReport.closed(row, reason, why),
            log: isKnown ? [:] : ["reason": reason.rawValue])
    }

    private func survey(_ row: DropletRow, version: String?, isAccepting: Bool) async throws -> Verdict {
        let memory = try await DropletMemory.read(row.name, from: database)
        let rows = try await ExpectedContainer.read(on: row.name, from: database)
        var census = DropletCensus(rows, try await list())
        // Twice, some seconds apart: a container may just be renamed, or the list be short (design law 2).
        if !census.missing.isEmpty || row.isDeleting {
            try await Task.sleep(for: settings.lookPause)
            let again = try await ExpectedContainer.read(on: row.name, from: database)
            census = census.agreeing(with: DropletCensus(again, try await list()))
        }
        if row.isDeleting, census.listed == 0, rows.isEmpty {
            logger.notice("droplet \(row.name) is released: nothing of ours is left on it")
            return Verdict(.settled(next: nil), writes: DropletReport.release(row))
        }
        let report = DropletReport(
            row: row, version: version, rows: rows, census: census, memory: memory, trouble: trouble.judge(),
            touched: trouble.takeTouched(), settings: settings, isAccepting: isAccepting)
        tell(report)
        return Verdict(
            .settled(next: isAccepting ? nil : settings.interval), writes: report.writes, log: report.log)
    }

    /// What the engine has with this droplet's mark, stopped containers too.
    private func list() async throws -> [DockerListedContainer] {
        try await droplet.docker.listContainers(DockerFilter(labels: ["\(Marks.droplet)=\(droplet.name)"]))
    }

    private func tell(_ report: DropletReport) {
        func say(_ message: String, _ id: String) {
            logger.error(
                "\(message)",
                metadata: ["message-id": "\(id)", "kind": "droplet", "key": "\(droplet.name)"])
        }
        if report.isFrozen, !report.memory.isFrozen {
            say("droplet \(droplet.name): creates and deletes stop: \(report.surveyed.message)", "population-dropped")
        }
        if !report.repairs.held.isEmpty, !report.memory.areRepairsHeld {
            say("droplet \(droplet.name): repairs stop: \(report.repairsHeld.message)", "repairs-halted")
        }
    }
}
