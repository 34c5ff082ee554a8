import FoundationEssentials
import Postgres
import Queue
import Vendors

/// Brings containers to what their checklist asks for, a bounded piece at a call. Holds no state: whatever it dies at, the
/// next call goes on from the rows and from what Docker shows.
public struct ChecklistRunner: Sendable {
    let droplet: ServedDroplet
    let database: Database
    let keyRing: KeyRing?
    let settings: ChecklistSettings

    /// - Parameter keyRing: opens the gateway's token for the steps that send it; they fail without.
    public init(
        droplet: ServedDroplet, database: Database, keyRing: KeyRing?, settings: ChecklistSettings = ChecklistSettings()
    ) {
        self.droplet = droplet
        self.database = database
        self.keyRing = keyRing
        self.settings = settings
    }

    /// Checks what is owed and does at most one thing about it, under the lease of the assistant's job. The container has to
    /// run.
    ///
    /// - Throws: `DockerError` about the daemon or the container (not about the step), `LeaseLost`, `PostgresError`.
    public func advance(
        _ container: String, of subject: ChecklistSubject, lease: Lease
    ) async throws -> ChecklistProgress {
        var rows = try await ChecklistRows.read(container, of: subject, from: database)
        let clock = StepClock(readAt: rows.now)
        let work = StepWork(
            container: container, subject: subject, token: token(rows.sealedToken, of: subject.id),
            docker: droplet.docker,
            gateway: droplet.gateway(subject.port), lease: lease, settings: settings, clock: clock)
        while true {
            let turn = ChecklistTurn.next(rows.steps, rows.runs, now: clock.now, settings)
            switch turn {
            case .done: return .done
            case .wait(let step, let seconds):
                return .working(step: step.name, again: .milliseconds(Int64((seconds * 1000).rounded(.up))))
            case .failed(let step, let why): return .failed(step: step.name, why: why)
            case .begin(let step), .look(let step, _):
                if clock.elapsed > .seconds(settings.callSeconds) { return .working(step: step.name, again: .zero) }
                let known = rows.runs[step.name]
                let run: ChecklistRun
                if case .look(_, let exec) = turn, let known {
                    run = try await work.look(exec, known, step)
                } else {
                    run = try await work.begin(known, step)
                }
                if run != known { try await lease.write([run.write(step, in: container, of: subject)]) }
                rows.runs[step.name] = run
                if run.execID != nil { return underWay(run, step) }
            }
        }
    }

    private func token(_ sealed: String?, of id: UUID) -> GatewayToken? {
        guard let sealed, let keyRing else { return nil }
        return try? GatewayToken.open(sealed, with: keyRing, for: id)
    }

    /// For the transaction of whoever removed containers of an assistant: the runs of all but these go with them.
    public static func forget(_ pa: UUID, except containers: [String]) -> SQL {
        ChecklistRows.forget(pa, except: containers)
    }

    private func underWay(_ run: ChecklistRun, _ step: ChecklistStep) -> ChecklistProgress {
        run.state == .failed
            ? .failed(step: step.name, why: run.fault)
            : .working(step: step.name, again: .seconds(settings.lookSeconds))
    }
}

/// Database time, carried on from one read.
struct StepClock: Sendable {
    let readAt: Date
    private let began = ContinuousClock.now

    init(readAt: Date) { self.readAt = readAt }

    var elapsed: Duration { began.duration(to: .now) }
    var now: Date {
        let elapsed = elapsed.components
        return readAt + Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
