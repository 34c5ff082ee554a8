import Foundation

/// The Docker Engine API as a real HTTP server on a unix socket and on the loopback, written from the contract alone:
/// for fleets that are too large or too faulty for a real daemon. Stateful, with a ledger of every call, faults on
/// demand, and processes that behave as a test says. Gateways are no servers here: `gateway(of:)` tells their state.
public final class DockerSimulator: Sendable {
    public typealias Hook = @Sendable (Call, Phase) async -> HookAction

    let backend: DockerBackend
    /// Path of the unix socket.
    public let socket: String
    private let servers: [LoopbackServer]

    private init(_ backend: DockerBackend, socket: String, _ servers: [LoopbackServer]) {
        self.backend = backend
        self.socket = socket
        self.servers = servers
    }

    /// Returns once the API can be called.
    public static func start(_ options: Options = .init()) async throws -> DockerSimulator {
        let backend = DockerBackend(options)
        let name = "docker-" + UUID().uuidString.prefix(8) + ".sock"
        let socket = options.socket ?? FileManager.default.temporaryDirectory.appending(path: name).path
        let local = try await LoopbackServer(socket: socket) { await backend.respond($0) }
        do {
            let remote = try await LoopbackServer(port: options.port) { await backend.respond($0) }
            return DockerSimulator(backend, socket: socket, [local, remote])
        } catch {
            await local.stop()
            throw error
        }
    }

    public func stop() async {
        backend.locked {
            $0.boot += 1
            $0.touchAll()
        }
        for server in servers { await server.stop() }
        try? FileManager.default.removeItem(atPath: socket)
    }

    public var port: Int { servers[1].port }
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Moves the simulator's clock: processes, checks, pulls and commands follow.
    public func advance(by duration: Duration) {
        backend.clock.advance(by: duration)
        backend.locked { _ in }
    }

    /// Time since the start, on the simulator's clock.
    public var now: Duration { backend.clock.now }

    // MARK: What was called

    /// Every request so far, in order of arrival.
    public var ledger: [Call] { backend.locked { $0.ledger } }
    public var breaches: [Breach] { backend.locked { $0.breaches } }

    /// Calls of one action on one object, by glob.
    public func calls(_ action: String, object: String = "*") -> [Call] {
        ledger.filter { glob(action, matches: $0.action) && glob(object, matches: $0.object ?? "") }
    }

    /// Forgets calls and breaches, not objects; sequences go on.
    public func clearLedger() {
        backend.locked {
            $0.cleared += $0.ledger.count
            $0.ledger = []
            $0.breaches = []
        }
    }

    // MARK: What goes wrong

    public func inject(_ fault: Fault) { backend.locked { $0.faults.append(ArmedFault(fault)) } }

    public func clearFaults() { backend.locked { $0.faults = [] } }

    /// Sees every call before and after its processing; one hook at a time, `nil` removes it.
    public func onCall(_ hook: Hook?) { backend.locked { $0.hook = hook } }

    /// All streams are cut, events are forgotten, and calls are refused for this time of the clock. Without
    /// `keepsContainers` (live restore) containers stop and come back by their restart policies.
    public func restartDaemon(for time: Duration, keepsContainers: Bool = true) {
        backend.locked { $0.goDown(for: time, keepsContainers: keepsContainers) }
    }

    // MARK: What there is

    /// Puts an image, or a new one under its tag, into the registry; on the host too where `isLocal`.
    public func publish(_ image: Image, isLocal: Bool = false) {
        backend.locked { world in
            var image = image
            image.reference = tagged(image.reference)
            if image.digest == nil { image.digest = "sha256:" + world.randomness.hex(64) }
            world.registry[image.reference] = image
            if isLocal { world.store(image) }
        }
    }

    public func unpublish(_ reference: String) { backend.locked { $0.registry[tagged(reference)] = nil } }

    /// Pulls of this image (glob) fail; `nil` lets them succeed again.
    public func failPulls(of reference: String, _ failure: PullFailure?, times: Int? = nil) {
        backend.locked { world in
            world.pullRules.removeAll { $0.reference == reference }
            guard let failure else { return }
            world.pullRules.append(PullRule(reference: reference, failure: failure, times: times))
        }
    }

    /// Processes that start from now on.
    public func behave(_ rule: BehaviourRule) { backend.locked { $0.behaviours.append(rule) } }

    public func onExec(_ rule: ExecRule) { backend.locked { $0.execRules.append(rule) } }
}
