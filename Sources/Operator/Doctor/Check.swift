/// One question of `doctor`. What needs more than the database is handed in by the executable.
public struct Check: Sendable {
    public let name: String
    let look: @Sendable () async throws -> Finding

    /// An error that `look` throws is a failed finding.
    public init(_ name: String, look: @escaping @Sendable () async throws -> Finding) {
        self.name = name
        self.look = look
    }
}

/// A check's answer: what was seen, and what to do about it.
public struct Finding: Sendable, Equatable {
    public enum Verdict: String, Sendable {
        case ok, failed, skipped
    }

    public let verdict: Verdict
    public let detail: String
    public let advice: String?

    /// Good; `advice` says what could be better.
    public static func ok(_ detail: String, advice: String? = nil) -> Finding {
        Finding(verdict: .ok, detail: detail.oneLine, advice: advice)
    }

    /// `advice` may be missing only where the detail itself says what to do.
    public static func failed(_ detail: String, advice: String? = nil) -> Finding {
        Finding(verdict: .failed, detail: detail.oneLine, advice: advice)
    }

    /// It could not be asked.
    public static func skipped(_ detail: String, advice: String? = nil) -> Finding {
        Finding(verdict: .skipped, detail: detail.oneLine, advice: advice)
    }
}
