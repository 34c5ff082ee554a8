import FoundationEssentials
import Postgres
import Queue

/// The state of one run: what the planner sees, what is stored, what was done.
struct MachineRun: Sendable {
    var view: MachineView
    /// The row's memory as it is in the database.
    private var stored: MachineMemory
    private var actions: [MachineAction] = []
    private var calls = 0
    private let lease: Lease
    private let readAt: Date
    private let started = ContinuousClock.now

    init(_ row: MachineRow, lease: Lease) {
        view = MachineView(desired: row.desired, memory: row.memory, now: row.now)
        stored = row.memory
        readAt = row.now
        self.lease = lease
    }

    /// Database time goes on while the run does.
    mutating func passTime() {
        let passed = started.duration(to: .now)
        view.now = readAt + Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
    }

    mutating func note(_ action: MachineAction) {
        actions.append(action)
        calls += action.callCount
    }

    /// Stores changed memory before something outside is changed. An ending when the names are still in use.
    mutating func store() async throws -> RunEnding? {
        guard let update = view.memory.update(view.desired.id, since: stored) else { return nil }
        do {
            try await lease.write([update])
        } catch let error as PostgresError where error.constraint == "machines_fly_name" {
            view.memory = stored
            return .again(
                seconds: 10, .provisioning, "waits until the earlier machine of this name is deleted completely")
        } catch let error as PostgresError where error.constraint == "machines_fly_app_asked" {
            let app = view.memory.app ?? ""
            view.memory = stored
            return .again(
                seconds: view.limits.lookPauseSeconds, .provisioning,
                "another machine makes the addresses of app \(app)")
        }
        stored = view.memory
        return nil
    }

    func verdict(_ ending: RunEnding, _ settings: MachineSettings) throws -> Verdict {
        let report = MachineReport(view, ending)
        var log = ["generation": "\(view.desired.generation)", "reason": report.reason.rawValue, "calls": "\(calls)"]
        if ending == .released {
            log["app"] = view.memory.app
            return Verdict(.settled(next: nil), writes: MachineReport.release(view), log: log)
        }
        let trace = MachineTrace(view: view, actions: actions.map(\.description), outcome: "\(ending)")
        return Verdict(
            ending.outcome(resyncSeconds: settings.resyncSeconds) { .again(after: $0) },
            writes: report.writes(view, stored: stored) + [try trace.write()], log: log)
    }
}

extension MachineAction {
    var isLook: Bool {
        switch self {
        case .lookApp, .lookAddresses, .lookVolume, .lookVolumes, .lookMachine, .lookMachines: true
        default: false
        }
    }

    /// A wait is long, so what is known is stored before it.
    var isWait: Bool {
        if case .awaitMachine = self { true } else { false }
    }

    /// It sends the environment, and with it the token.
    var needsEnvironment: Bool {
        switch self {
        case .createMachine, .updateMachine: true
        default: false
        }
    }

    fileprivate var callCount: Int {
        switch self {
        case .intend: 0
        case .updateMachine: 3
        default: 1
        }
    }
}
