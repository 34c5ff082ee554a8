import FoundationEssentials
import Postgres
import Queue
import Vendors

/// One run of the key `machine/<id>`: read → decide → one call → learn → decide … → tell. All decisions are
/// ``MachineView``'s; this is the thin shell around it.
struct MachineReconciler: Sendable {
    let calls: MachineCalls
    let database: Database
    let keyRing: KeyRing?
    let settings: MachineSettings

    /// More steps than any honest way has: a plan that goes in circles ends as a failure that somebody sees.
    private static let maxSteps = 100

    func run(_ lease: Lease) async throws -> Verdict {
        guard let id = lease.key.flatMap(UUID.init(uuidString:)),
            let row = try await MachineRow.read(id, from: database)
        else { return Verdict(.settled(next: nil)) }
        var run = MachineRun(row, lease: lease)
        if let ending = prepare(&run.view) { return try run.verdict(ending, settings) }
        for _ in 0..<Self.maxSteps {
            run.passTime()
            switch run.view.next() {
            case .end(let ending): return try run.verdict(ending, settings)
            case .act(let action):
                if action.isMutation || action.isWait, let ending = try await run.store() {
                    return try run.verdict(ending, settings)
                }
                try await perform(action, &run)
            }
        }
        return try run.verdict(.retry(.vendorUnavailable, "no end after \(Self.maxSteps) steps"), settings)
    }

    private func perform(_ action: MachineAction, _ run: inout MachineRun) async throws {
        var environment: MachineEnvironment?
        if action.needsEnvironment { environment = try self.environment(run.view) }
        let result = try await calls.perform(action, run.view, environment)
        run.note(action)
        run.view.fold(action, result)
    }

    /// Gives a new row its token and the planner the digest of the environment; an ending when the token is locked.
    private func prepare(_ view: inout MachineView) -> RunEnding? {
        view.begin()
        if !view.desired.isDeleting, view.desired.profile != nil {
            if view.memory.sealedToken == nil, let keyRing {
                view.memory.sealedToken = GatewayToken.random().sealed(by: keyRing, for: view.desired.id)
            }
            do throws(KeyRingError) {
                view.desired.environmentDigest = try environment(view).digest
            } catch {
                view.desired.prepare()
                return .retry(.keyRingMissing, error.description)
            }
        }
        view.desired.prepare()
        return nil
    }

    /// Opens the token; the value lives only as long as the call that sends it.
    private func environment(_ view: MachineView) throws(KeyRingError) -> MachineEnvironment {
        guard let keyRing else { throw .empty }
        guard let sealed = view.memory.sealedToken else { throw .unreadable }
        let token = try GatewayToken.open(sealed, with: keyRing, for: view.desired.id)
        return MachineEnvironment(view.desired, token: token)
    }

    /// Key `plan/<id>`: everything but the acting. Looks are performed, the rest is foreseen and only written down.
    func plan(_ lease: Lease) async throws -> Verdict {
        guard let id = lease.key.flatMap(UUID.init(uuidString:)),
            let row = try await MachineRow.read(id, from: database)
        else { return Verdict(.settled(next: nil)) }
        var run = MachineRun(row, lease: lease)
        if run.view.memory.sealedToken != nil { _ = prepare(&run.view) } else { run.view.begin() }
        run.view.desired.prepare()
        for _ in 0..<Self.maxSteps {
            run.passTime()
            guard case .act(let action) = run.view.next(), action.isLook else { break }
            try await perform(action, &run)
        }
        let plan = MachinePlan(run.view)
        let actions = plan.actions.map(\.description)
        let outcome = plan.ending.map { "\($0)" } ?? "what follows depends on the last look"
        let trace = MachineTrace(view: run.view, actions: actions, outcome: outcome)
        return Verdict(.settled(next: nil), writes: [try trace.write()], output: try JSONText.of(actions))
    }
}
