import Foundation
import HeapModule

/// All state of the simulated platform. Every access first lets the time that passed take effect (`FlyTime.swift`),
/// so `now` is right and objects changed in the order of time.
struct FlyWorld {
    let options: FlySimulator.Options
    let clock: SimulatorClock
    var now = Duration.zero
    var randomness: Randomness

    var apps: [String: FlyApp] = [:]
    var appCount = 0
    var machines: [String: FlyMachine] = [:]
    var volumes: [String: FlyVolume] = [:]
    /// Earlier states of machines, newest last, for lists that are behind.
    var past: [String: [FlyMachine]] = [:]

    var machineFeed = Feed<FlyMachine>()
    var volumeFeed = Feed<FlyVolume>()
    /// First pages of the organisation's lists served so far.
    var orgLists = 0
    var errorRegions: Set<String> = []

    var transitions = Heap<Transition>()
    var transitionCount = 0
    var waiters: [String: [Int: Waiter]] = [:]
    var waiterCount = 0
    /// Counts jumps of the clock; a waiter that missed one looks again.
    var jumps = 0

    var buckets: [String: Bucket] = [:]
    var faults: [ArmedFault<FlySimulator.Fault>] = []
    var hook: FlySimulator.Hook?
    var outage: FlySimulator.Outage?
    var ledger: [FlySimulator.Call] = []
    /// Calls before those in the ledger, which a test has cleared.
    var cleared = 0
    var violations: [FlySimulator.Violation] = []
    var throttled = 0
    var exec: FlySimulator.Exec?

    init(_ options: FlySimulator.Options, _ clock: SimulatorClock) {
        self.options = options
        self.clock = clock
        randomness = Randomness(seed: options.seed)
    }

    /// Sequence of the call that is being processed, for violations.
    var current = 0

    mutating func violate(_ kind: FlySimulator.Violation.Kind, _ text: String) {
        violations.append(.init(kind: kind, text: text, sequence: current))
    }

    func text(_ time: Duration) -> String { clock.text(time) }

    func unixMilliseconds(_ time: Duration) -> Int {
        Int((clock.date(at: time).timeIntervalSince1970 * 1000).rounded())
    }

    mutating func ulid() -> String { randomness.ulid(milliseconds: unixMilliseconds(now)) }

    /// The app that a call speaks of.
    func app(_ request: FlyRequest) throws -> FlyApp {
        guard let app = apps[request.app], app.deletedAt == nil, now >= app.readyAt else { throw Refusal.noApp }
        guard app.org == options.org else { throw Refusal.foreignApp }
        return app
    }
}

struct FlyApp: Sendable {
    var name: String
    var id: String
    var number: Int
    var org: String
    var network: String
    var createdAt: Duration
    var readyAt: Duration
    var deletedAt: Duration?
    /// In order of creation, gone ones included.
    var machineIDs: [String] = []
    var volumeIDs: [String] = []
    /// Names of machines that exist.
    var names: [String: String] = [:]
    var addresses: [FlyAddress] = []
    var secrets: [String: FlySecret] = [:]
    var secretsVersion = 0
    /// When the hosts know of each version.
    var secretsKnownAt: [Int: Duration] = [:]
    /// Lists of machines or volumes served so far.
    var lists = 0
}
