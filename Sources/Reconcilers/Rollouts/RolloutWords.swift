/// Where a rollout stands, in words for people.
extension RolloutView {
    /// A failed canary halts whatever the budget is: it went first to tell.
    var reasonToHalt: String? {
        let failures = failures
        if !rollout.isGoingBack, let canary = failures.first(where: { $0.batch == 0 }) {
            return "the canary failed: \(Self.tell([canary]))"
        }
        guard failures.count > rollout.failureBudget else { return nil }
        return "\(failures.count) failed, \(rollout.failureBudget) may: \(Self.tell(failures))"
    }

    /// `batch 2 of 6: 1 updating, 1 soaking; 5 of 14 done, 1 failed`.
    var progress: String {
        let batches = Set(members.map(\.batch)).sorted()
        let here = members.filter { $0.batch == currentBatch }
        let states: [RolloutMember.State] = [.waiting, .updating, .soaking]
        let counts = states.compactMap { state -> String? in
            let count = here.count { $0.state == state }
            return count > 0 ? "\(count) \(state.rawValue)" : nil
        }
        let place = currentBatch.flatMap { batches.firstIndex(of: $0) }.map { $0 + 1 } ?? batches.count
        let held = here.compactMap { $0.state == .skipped ? nil : $0.sight?.heldBecause }.first.map { " (\($0))" } ?? ""
        return "batch \(place) of \(batches.count): \(counts.joined(separator: ", "))\(held); \(tally)"
    }

    /// At the end.
    var summary: String {
        let left = members.filter { $0.state == .failed }
        return tally + (left.isEmpty ? "" : ": \(Self.tell(left))")
    }

    private var tally: String {
        let arrived = members.count { $0.state == .done || $0.state == .reverted }
        var parts = ["\(arrived) of \(members.count) \(rollout.isGoingBack ? "reverted" : "done")"]
        for state in [RolloutMember.State.failed, .skipped] {
            let count = members.count { $0.state == state }
            if count > 0 { parts.append("\(count) \(state.rawValue)") }
        }
        let ill = members.count { $0.state == .failed && !$0.wasReady }
        if ill > 0 { parts.append("\(ill) of them not well before") }
        return parts.joined(separator: ", ")
    }

    private static func tell(_ members: [RolloutMember]) -> String {
        let told = members.sorted { $0.name < $1.name }.prefix(3).map { "\($0.name) (\($0.why))" }
        return told.joined(separator: ", ") + (members.count > 3 ? ", …" : "")
    }

    /// The two conditions of `rollout/<id>`.
    var conditions: [ConditionToTell] {
        let what = rollout.isGoingBack ? "back from \(rollout.image)" : rollout.image
        switch rollout.state {
        case .rolling:
            return [
                .init("Progressing", "True", .rollingOut, "\(what): \(rollout.why)"),
                .init("Done", "False", .rollingOut, ""),
            ]
        case .halted:
            let message = "\(what): \(rollout.why); \(tally)"
            return [
                .init("Progressing", "False", .rolloutHalted, message),
                .init("Done", "False", .rolloutHalted, rollout.why),
            ]
        case .done:
            let reason: Reason = rollout.isGoingBack ? .reverted : .rolledOut
            return [
                .init("Progressing", "False", reason, "\(what): \(rollout.why)"),
                .init("Done", "True", reason, rollout.why),
            ]
        }
    }
}
