import Logging
import Postgres
import Queue
import Vendors

/// All that one process does for one droplet it serves: the survey, the watcher of its events, and the gate before the
/// kinds of others.
public struct DropletWork: Sendable {
    public let droplet: ServedDroplet
    private let gate: EngineGate
    private let survey: DropletSurvey
    private let watcher: DropletWatcher

    public init(
        _ droplet: ServedDroplet, database: Database, settings: DropletSettings = DropletSettings(), logger: Logger
    ) {
        self.droplet = droplet
        let gate = EngineGate(droplet, database: database)
        let trouble = TroubleBook(settings)
        self.gate = gate
        survey = DropletSurvey(
            droplet: droplet, gate: gate, trouble: trouble, database: database, settings: settings, logger: logger)
        watcher = DropletWatcher(droplet: droplet, gate: gate, trouble: trouble, database: database, logger: logger)
    }

    /// For the droplet's worker: the survey, and `others` behind the gate.
    public func jobKinds(and others: [JobKind]) -> [JobKind] { [survey.jobKind] + others.map(gate.guarding) }

    /// Follows the droplet's events until it is cancelled. Each connection wakes the survey, the first one too.
    public func watch() async { await watcher.run() }
}
