/// What faults need to know of a call, whoever is called.
protocol FaultyCall: Sendable {
    var action: String { get }
    var mutating: Bool { get }
    /// On the simulator's clock.
    var time: Duration { get }
}

/// Which calls a fault is about, and how often it strikes.
protocol ScriptedFault: Sendable {
    associatedtype Call: FaultyCall
    /// Glob with `*`; `mutating` and `reading` are also understood.
    var action: String { get }
    var after: Int { get }
    var times: Int? { get }
    var probability: Double { get }
    var seed: UInt64 { get }
    var during: Range<Duration>? { get }
    /// Besides its action.
    func isAbout(_ call: Call) -> Bool
}

/// A fault with what it has done so far.
struct ArmedFault<Fault: ScriptedFault>: Sendable {
    let fault: Fault
    private var seen = 0
    private var hits = 0
    private var randomness: Randomness

    init(_ fault: Fault) {
        self.fault = fault
        randomness = Randomness(seed: fault.seed)
    }

    var isSpent: Bool { fault.times.map { hits >= $0 } ?? false }

    /// Whether the call is hit; counts it.
    mutating func hits(_ call: Fault.Call) -> Bool {
        guard !isSpent, matches(call), fault.during?.contains(call.time) ?? true else { return false }
        seen += 1
        guard seen > fault.after, fault.probability >= 1 || randomness.happens(fault.probability) else { return false }
        hits += 1
        return true
    }

    private func matches(_ call: Fault.Call) -> Bool {
        let byAction =
            switch fault.action {
            case "mutating": call.mutating
            case "reading": !call.mutating
            default: glob(fault.action, matches: call.action)
            }
        return byAction && fault.isAbout(call)
    }
}
