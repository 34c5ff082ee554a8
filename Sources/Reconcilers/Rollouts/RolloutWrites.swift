import FoundationEssentials
import Postgres
import Queue

/// The statements of the transaction that ends a run.
extension RolloutPlan {
    /// - Parameter seen: as it was read, so that a person's word in between wins.
    func writes(_ lease: Lease, seen: RolloutRow) throws -> [SQL] {
        let rollout = view.rollout
        let key = String(rollout.id)
        let reason = view.conditions[0].reason.rawValue
        return [
            """
            select converged.advance_rollout(\(lease.job), \(lease.fence), \(rollout.id), \(seen.generation),
                \(try Self.json(changes.map(StoredChange.init)))::jsonb, \(rollout.state.rawValue), \(rollout.why), \(reason))
            """,
            Records.conditions(
                kind: "rollout", key: key, generation: rollout.generation, view.conditions),
            Records.trace(
                kind: "rollout", key: key, desired: try Self.json(Desired(view)),
                observed: try Self.json(Observed(view)),
                plan: try Self.json(actions), outcome: rollout.state == .halted ? "halted: \(rollout.why)" : outcome),
        ]
    }

    private var outcome: String { lookAgainSeconds.map { "again in \(Int($0.rounded(.up))) s" } ?? "settled" }

    private var actions: [String] {
        let names = Dictionary(view.members.map { ($0.pa, $0.name) }, uniquingKeysWith: { first, _ in first })
        return changes.map { change in
            let name = names[change.pa] ?? "?"
            let image = view.members.first { $0.pa == change.pa }.map { view.target(of: $0) } ?? ""
            if change.begins { return "give pa/\(name) \(image)" }
            return "pa/\(name) is \(change.state.rawValue)" + (change.why.isEmpty ? "" : ": \(change.why)")
        }
    }

    private struct StoredChange: Encodable {
        let pa: UUID
        let state: String
        let why: String
        let begins: Bool
        let restarts: Bool

        init(_ change: Change) {
            pa = change.pa
            state = change.state.rawValue
            why = change.why
            begins = change.begins
            restarts = change.restarts
        }
    }

    private struct Desired: Encodable {
        let image: String
        let direction: String
        let pas: Int
        let maxUnavailable: Int
        let soakSeconds: Double
        let failureBudget: Int

        init(_ view: RolloutView) {
            image = view.rollout.image
            direction = view.rollout.isGoingBack ? "back" : "forward"
            pas = view.members.count
            maxUnavailable = view.rollout.maxUnavailable
            soakSeconds = view.rollout.soakSeconds
            failureBudget = view.rollout.failureBudget
        }
    }

    private struct Observed: Encodable {
        let state: String
        let progress: String
        let underWay: [String]
        let failed: [String]

        init(_ view: RolloutView) {
            state = view.rollout.state.rawValue
            progress = view.rollout.state == .done ? view.summary : view.progress
            underWay = view.members.filter(\.state.isUnderWay).map(\.name)
            failed = view.members.filter { $0.state == .failed }.map { "\($0.name): \($0.why)" }
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
