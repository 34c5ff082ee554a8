import Queue

/// How a run ends when there is nothing to do now.
enum RunEnding: Sendable, Equatable {
    /// Everything agrees.
    case settled(Reason)
    /// On the way, or somebody else must finish first: look again after so many seconds.
    case again(seconds: Double, Reason, String)
    /// It failed: again with back-off.
    case retry(Reason, String)
    /// A person must change something. `lookAgainSeconds` when that may happen outside the row.
    case blocked(Reason, String, lookAgainSeconds: Double?)
    /// The deletion is complete: the row goes.
    case released
}

extension RunEnding {
    var words: (Reason, String) {
        switch self {
        case .settled(let reason): (reason, "")
        case .again(_, let reason, let text), .retry(let reason, let text), .blocked(let reason, let text, _):
            (reason, text)
        case .released: (.deleting, "")
        }
    }

    /// Status of the condition Ready: unknown where the object may well be right but does not show.
    var readiness: String {
        switch self {
        case .settled: "True"
        case .again(_, .hostUnreachable, _), .retry(.vendorUnavailable, _), .retry(.vendorUnauthorized, _): "Unknown"
        case .again, .retry, .blocked, .released: "False"
        }
    }
}

extension RunEnding {
    /// - Parameter lookAgain: what becomes of a job that a person has to help, but that looks again by itself.
    func outcome(resyncSeconds: Int, lookAgain: (Duration) -> Outcome) -> Outcome {
        switch self {
        case .settled: .settled(next: .seconds(resyncSeconds))
        case .again(let seconds, _, _): .again(after: .milliseconds(Int(seconds * 1000)))
        case .retry(let reason, let text): .retry(because: "\(reason.rawValue): \(text)")
        case .blocked(let reason, let text, nil): .blocked("\(reason.rawValue): \(text)")
        case .blocked(_, _, let seconds?): lookAgain(.seconds(seconds))
        case .released: .settled(next: nil)
        }
    }
}

extension RunEnding: CustomStringConvertible {
    var description: String {
        switch self {
        case .settled(let reason): "settled: \(reason.rawValue)"
        case .again(let seconds, let reason, let text):
            "again in \(Int(seconds.rounded(.up))) s: \(reason.rawValue): \(text)"
        case .retry(let reason, let text): "retry: \(reason.rawValue): \(text)"
        case .blocked(let reason, let text, _): "blocked: \(reason.rawValue): \(text)"
        case .released: "released"
        }
    }
}
