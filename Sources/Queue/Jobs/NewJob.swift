import FoundationEssentials

/// A job to be enqueued, as the arguments of `converged.enqueue`.
public struct NewJob: Sendable, Equatable {
    /// What a second job of a kind with the same key means to the first, when that one waits or runs.
    public enum Mode: String, Sendable, CaseIterable {
        /// CV409 for the second.
        case reject
        /// The second is dropped; the answer is the first one's id.
        case keep
        /// The first takes the args and times of the second; when it runs already, it runs again with them.
        case replace
        /// The first is due now; when it runs already, it runs again.
        case wake
    }

    public var kind: String
    /// A JSON object of at most 64 KiB, in clear: the client seals those of secret kinds.
    public var args: String?
    public var key: String?
    public var mode: Mode
    /// nil: the kind's own.
    public var queue: String?
    /// 0 (a user waits) … 8 (whenever there is time); nil: 4.
    public var priority: Int?
    /// Not before. Excludes `delay`, which counts from now.
    public var runAt: Date?
    public var delay: Duration?
    /// nil: the kind's own.
    public var maxAttempts: Int?
    /// Jobs of a kind in one lane share its limit.
    public var lane: String?
    /// Jobs that must have settled before.
    public var needs: [Int64]

    public init(
        kind: String, args: String? = nil, key: String? = nil, mode: Mode = .keep, queue: String? = nil,
        priority: Int? = nil, runAt: Date? = nil, delay: Duration? = nil, maxAttempts: Int? = nil, lane: String? = nil,
        needs: [Int64] = []
    ) {
        self.kind = kind
        self.args = args
        self.key = key
        self.mode = mode
        self.queue = queue
        self.priority = priority
        self.runAt = runAt
        self.delay = delay
        self.maxAttempts = maxAttempts
        self.lane = lane
        self.needs = needs
    }
}

extension NewJob {
    static let mostArgsBytes = 65_536

    /// Whether it differs in its args alone.
    func isAlike(_ other: NewJob) -> Bool {
        kind == other.kind && key == other.key && mode == other.mode && queue == other.queue
            && priority == other.priority && runAt == other.runAt && delay == other.delay
            && maxAttempts == other.maxAttempts && lane == other.lane && needs == other.needs
    }

    /// What is wrong with all but its args, if anything, as `converged.check_job` says it, for those jobs that pass that
    /// function by.
    var fault: String? {
        if kind.isEmpty { return "a job needs a kind" }
        if kind.unicodeScalars.count > 100 { return "a kind has at most 100 characters" }
        if key != nil { return "a job with a key cannot be copied: enqueue it" }
        if !needs.isEmpty { return "a job that needs others cannot be copied: enqueue it" }
        if mode != .keep && mode != .reject { return "mode \(mode.rawValue) needs a key" }
        if let lane, lane.isEmpty || lane.unicodeScalars.count > 200 { return "a lane has 1 to 200 characters" }
        if let priority, !(0...8).contains(priority) { return "priority \(priority) is not between 0 and 8" }
        if let delay, delay < .zero { return "a delay of \(delay) is negative" }
        if runAt != nil, delay != nil { return "run_at and delay exclude each other" }
        if let runAt, runAt <= .distantPast || runAt >= .distantFuture { return "run_at must be a time" }
        if let maxAttempts, !(1...1000).contains(maxAttempts) {
            return "max_attempts \(maxAttempts) is not between 1 and 1000"
        }
        return [kind, lane, queue].contains { $0?.utf8.contains(0) ?? false } ? Self.holdsNUL : nil
    }

    var argsFault: String? {
        guard let args else { return nil }
        if args.utf8.first(where: { ![0x20, 0x09, 0x0a, 0x0d].contains($0) }) != UInt8(ascii: "{") {
            return "args must be a JSON object"
        }
        if args.utf8.count > Self.mostArgsBytes {
            return "args of \(args.utf8.count) bytes are more than \(Self.mostArgsBytes)"
        }
        return args.utf8.contains(0) ? Self.holdsNUL : nil
    }

    private static let holdsNUL = "a text must hold no NUL"
}

/// Jobs that were refused before anything was sent. Quotes no args.
public struct JobRefused: Error, Equatable, CustomStringConvertible {
    /// Place of the bad one in the array, from 1; nil when it is about all of them.
    public let place: Int?
    public let fault: String

    public var description: String { "\(place.map { "job \($0)" } ?? "the jobs"): \(fault); nothing was enqueued" }
}
