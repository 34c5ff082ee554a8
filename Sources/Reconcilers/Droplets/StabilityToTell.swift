import Postgres

/// Condition Stable of a PA or service: whether its container ends by itself. Docker starts it again by its restart
/// policy; that it has to is what people need to know.
struct StabilityToTell: Sendable, Equatable {
    var kind: String
    var key: String
    var isStable: Bool
    var reason: Reason
    var message: String

    /// Told when it changes. A container is stable again after a whole window without a death; a process that has not
    /// watched for so long does not know.
    static func from(
        _ rows: [ExpectedContainer], _ trouble: Trouble.Verdict, window: Duration
    ) -> [StabilityToTell] {
        rows.compactMap { row in
            let minutes = window.components.seconds / 60
            if let deaths = trouble.looping[row.owner] {
                guard row.instability != Reason.crashLooping.rawValue else { return nil }
                return StabilityToTell(
                    kind: row.kind, key: row.key, isStable: false, reason: .crashLooping,
                    message: "the container ended by itself \(deaths) times within \(minutes) minutes")
            }
            if trouble.outOfMemory.contains(row.owner) {
                guard row.instability != Reason.outOfMemory.rawValue else { return nil }
                return StabilityToTell(
                    kind: row.kind, key: row.key, isStable: false, reason: .outOfMemory,
                    message: "the kernel killed a process of the container for lack of memory")
            }
            guard row.instability != nil, trouble.isComplete else { return nil }
            return StabilityToTell(kind: row.kind, key: row.key, isStable: true, reason: .running, message: "")
        }
    }

    var writes: [SQL] {
        var writes: [SQL] = []
        if !isStable {
            writes.append(Records.event(kind: kind, key: key, reason: reason.rawValue, message: message))
        }
        let condition = ConditionToTell("Stable", isStable ? "True" : "False", reason, message)
        writes.append(Records.conditions(kind: kind, key: key, generation: 0, [condition]))
        return writes
    }
}
