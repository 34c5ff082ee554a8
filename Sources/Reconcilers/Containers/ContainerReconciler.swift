import FoundationEssentials
import Postgres
import Queue
import Vendors

/// One run of the key of a container: read → decide → one call → learn → decide … → tell, for PAs and services alike. All
/// decisions are ``ContainerView``'s; this is the thin shell around it.
public struct ContainerReconciler: Sendable {
    let docker: DockerClient
    let settings: ContainerSettings

    /// More steps than any honest way has: a plan that goes in circles ends as a failure that somebody sees.
    private static let maxSteps = 100

    public init(_ droplet: ServedDroplet, _ settings: ContainerSettings = ContainerSettings()) {
        docker = droplet.docker
        self.settings = settings
    }

    public func run(_ subject: ContainerSubject, _ lease: Lease) async throws -> Verdict {
        var run = ContainerRun(subject, settings, lease)
        let calls = ContainerCalls(docker: docker, workload: subject.workload, lease: lease)
        for _ in 0..<Self.maxSteps {
            run.passTime()
            switch run.view.next() {
            case .end(let ending): return try run.verdict(ending, settings)
            case .act(let action):
                if action.isMutation { try await run.store() }
                run.view.fold(action, try await calls.perform(action, run.view))
                run.note(action)
            }
        }
        return try run.verdict(.retry(.vendorUnavailable, "no end after \(Self.maxSteps) steps"), settings)
    }

    /// Everything but the acting: looks are performed, the rest is foreseen and only written down.
    public func plan(_ subject: ContainerSubject, _ lease: Lease) async throws -> Verdict {
        var run = ContainerRun(subject, settings, lease)
        let calls = ContainerCalls(docker: docker, workload: subject.workload, lease: lease)
        for _ in 0..<Self.maxSteps {
            run.passTime()
            guard case .act(let action) = run.view.next(), action.isLook else { break }
            run.view.fold(action, try await calls.perform(action, run.view))
        }
        let plan = ContainerPlan(run.view)
        let actions = plan.actions.map(\.description)
        let outcome = plan.ending.map { "\($0)" } ?? "what follows depends on the last look"
        let trace = ContainerTrace(view: run.view, actions: actions, outcome: outcome)
        return Verdict(.settled(next: nil), writes: [try trace.write()], output: try JSONText.of(actions))
    }
}

public struct ContainerSettings: Sendable {
    /// Settled containers are looked at this often even when nothing tells of a change.
    public var resyncSeconds = 86_400
    public var limits = ContainerLimits()

    public init() {}
}

/// The state of one run: what the planner sees, what is stored, what was done.
private struct ContainerRun {
    var view: ContainerView
    private var stored: ContainerMemory
    private var actions: [ContainerAction] = []
    private let subject: ContainerSubject
    private let lease: Lease
    private let started = ContinuousClock.now

    init(_ subject: ContainerSubject, _ settings: ContainerSettings, _ lease: Lease) {
        view = ContainerView(
            desired: subject.desired, memory: subject.memory, status: subject.status,
            hasFiles: !subject.workload.files.isEmpty, hasChecklist: subject.workload.checklist != nil,
            now: subject.now, limits: settings.limits)
        stored = subject.memory
        self.subject = subject
        self.lease = lease
        view.begin()
    }

    /// Database time goes on while the run does.
    mutating func passTime() {
        let passed = started.duration(to: .now)
        view.now = subject.now + Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
    }

    mutating func note(_ action: ContainerAction) { actions.append(action) }

    /// Stores changed memory before something outside is changed.
    mutating func store() async throws {
        guard let write = view.memory.store(view.desired, since: stored) else { return }
        try await lease.write([write])
        stored = view.memory
    }

    /// What somebody else did and was taken back: whoever looks for it should find it.
    private var events: [SQL] {
        actions.compactMap { action in
            guard case .unpause = action else { return nil }
            return Records.event(
                kind: view.desired.kind, key: view.desired.key, reason: "Unpaused",
                message:
                    "\(view.desired.name) was paused by hand, and runs again; to keep it still set desired_state = 'stopped'"
            )
        }
    }

    func verdict(_ ending: RunEnding, _ settings: ContainerSettings) throws -> Verdict {
        let report = ContainerReport(view, ending)
        let (kind, key) = (view.desired.kind, view.desired.key)
        let log = [
            "generation": "\(view.desired.generation)", "reason": report.reason.rawValue,
            "container": view.desired.name, "steps": "\(actions.count)",
        ]
        if ending == .released {
            let stays = view.desired.data.map {
                "\(view.desired.name); its data stays on \(view.desired.droplet): \($0.path)"
            }
            let event = Records.event(kind: kind, key: key, reason: "Deleted", message: stays ?? view.desired.name)
            let forgotten = Records.forget(kind: kind, key: key) + [ContainerMemory.forget(view.desired)]
            return Verdict(.settled(next: nil), writes: forgotten + subject.release + [event], log: log)
        }
        let trace = ContainerTrace(view: view, actions: actions.map(\.description), outcome: "\(ending)")
        var writes = [report.memory.store(view.desired, since: stored)].compactMap(\.self)
        if report.status != subject.status { writes.append(subject.writeStatus(report.status)) }
        if ending == .settled(.running), let id = report.memory.containerID { writes += subject.whenRunning(id) }
        writes.append(
            Records.conditions(kind: kind, key: key, generation: view.desired.generation, report.conditions))
        writes += events
        return Verdict(
            // A settled end ends the attempts too: events that hint at a change wake a job at once only while none has failed.
            ending.outcome(resyncSeconds: settings.resyncSeconds) { .settled(next: $0) },
            writes: writes + [try trace.write()], log: log)
    }
}
