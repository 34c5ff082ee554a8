import Foundation
import HeapModule

/// All state of the simulated daemon and its host. Every access first lets the time that passed take effect
/// (`EngineTime.swift`).
struct DockerWorld {
    let options: DockerSimulator.Options
    let clock: SimulatorClock
    let version: EngineVersion
    var now = Duration.zero
    var randomness: Randomness

    var containers: [String: EngineContainer] = [:]
    var containerCount = 0
    /// Exit codes of containers that are gone.
    var gone: [String: Int] = [:]
    var execs: [String: DockerExec] = [:]
    var execOrder: [String] = []
    var images: [String: EngineImage] = [:]
    var pulls: [String: Pull] = [:]
    var networks: [String: EngineNetwork] = [:]
    var volumes: [String: EngineVolume] = [:]
    /// Files of the host, seen through binds and volumes; they outlive containers.
    var hostFiles: [String: DockerSimulator.File] = [:]

    var registry: [String: DockerSimulator.Image] = [:]
    var pullRules: [DockerSimulator.PullRule] = []
    var behaviours: [DockerSimulator.BehaviourRule] = []
    var execRules: [DockerSimulator.ExecRule] = []

    var events: [EngineEvent] = []
    var eventCount = 0
    var lastNanoseconds = 0

    var agenda = Heap<Due>()
    var agendaCount = 0
    /// When the agenda is looked at next, where the clock runs by itself.
    var tick: Duration?
    var revisions: [String: Int] = [:]
    var waiters: [String: [Int: CheckedContinuation<Void, Never>]] = [:]
    var waiterCount = 0
    /// Lives of the daemon: a stream of an older one is cut.
    var boot = 1
    var isDown = false
    var sleepers: [String] = []

    var faults: [ArmedFault<DockerSimulator.Fault>] = []
    var hook: DockerSimulator.Hook?
    var ledger: [DockerSimulator.Call] = []
    var cleared = 0
    var breaches: [DockerSimulator.Breach] = []
    var current = 0
    var pidCount = 1000

    init(_ options: DockerSimulator.Options, _ clock: SimulatorClock) {
        self.options = options
        self.clock = clock
        version = EngineVersion(options.version) ?? EngineVersion(1, 41)
        randomness = Randomness(seed: options.seed)
        for name in ["bridge", "host", "none"] {
            let network = EngineNetwork(id: randomness.hex(64), name: name, isPredefined: true)
            networks[network.id] = network
        }
    }

    mutating func breach(_ kind: DockerSimulator.Breach.Kind, _ text: String) {
        breaches.append(.init(kind: kind, text: text, sequence: current))
    }

    /// Answers as 20.10 gives them, where newer daemons differ.
    var isOld: Bool { version < EngineVersion(1, 42) }

    /// Id of the container with this name, id or beginning of an id.
    func find(_ reference: String) -> String? {
        if containers[reference] != nil { return reference }
        let name = reference.hasPrefix("/") ? String(reference.dropFirst()) : reference
        if let named = containers.values.first(where: { $0.name == name }) { return named.id }
        guard !reference.isEmpty else { return nil }
        let begun = containers.keys.filter { $0.hasPrefix(reference) }
        return begun.count == 1 ? begun[0] : nil
    }

    func container(_ reference: String) throws -> EngineContainer {
        guard let id = find(reference), let container = containers[id] else {
            throw EngineRefusal.noContainer(reference)
        }
        return container
    }

    /// Changes a container; who waits on it looks again.
    mutating func change(_ id: String, _ body: (inout EngineContainer) -> Void) {
        guard var container = containers[id] else { return }
        body(&container)
        containers[id] = container
        touch(id)
    }

    /// Wakes who waits on the subject.
    mutating func touch(_ subject: String) {
        revisions[subject, default: 0] += 1
        for waiter in (waiters.removeValue(forKey: subject) ?? [:]).values { waiter.resume() }
    }

    mutating func touchAll() { for subject in Array(waiters.keys) { touch(subject) } }

    mutating func wake(_ subject: String, _ number: Int) {
        waiters[subject]?.removeValue(forKey: number)?.resume()
    }

    func unixSeconds(_ time: Duration) -> Int { Int(clock.date(at: time).timeIntervalSince1970) }

    func text(_ time: Duration?) -> String { time.map { clock.text($0) } ?? "0001-01-01T00:00:00Z" }
}
