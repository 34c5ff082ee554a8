/// The Fly.io Machines API as a real HTTP server on the loopback, written from the contract alone: stateful, with the
/// lags, refusals and lost answers of the real one, a ledger of every call, and faults on demand.
public final class FlySimulator: Sendable {
    public typealias Hook = @Sendable (Call, Phase) async -> HookAction
    public typealias Exec = @Sendable (_ app: String, _ machine: String, _ command: [String]) -> ExecResult

    /// What a command in a machine answers.
    public struct ExecResult: Sendable {
        public var exitCode: Int
        public var output: String
        public var errors: String
        public init(exitCode: Int = 0, output: String = "", errors: String = "") {
            self.exitCode = exitCode
            self.output = output
            self.errors = errors
        }
    }

    /// The whole API is away.
    public enum Outage: Sendable, Hashable {
        /// Connections are closed without an answer; nothing is processed.
        case hangUp
        /// Everything is answered with this status.
        case status(Int)
    }

    let backend: FlyBackend
    private let server: LoopbackServer

    private init(_ backend: FlyBackend, _ server: LoopbackServer) {
        self.backend = backend
        self.server = server
    }

    /// Returns once the API can be called.
    public static func start(_ options: Options = .init()) async throws -> FlySimulator {
        let backend = FlyBackend(options)
        let server = try await LoopbackServer(port: options.port) { await backend.respond($0) }
        return FlySimulator(backend, server)
    }

    public func stop() async {
        backend.locked { $0.wakeAll() }
        await server.stop()
    }

    /// Until the simulator is stopped, for a program that does nothing else.
    public func wait() async throws { try await server.wait() }

    /// Base of the API, with `/v1`.
    public var url: String { "http://127.0.0.1:\(server.port)/v1" }
    public var token: String { backend.options.token }
    public var org: String { backend.options.org }

    /// Moves the simulator's clock: boots, lags, leases and buckets follow.
    public func advance(by duration: Duration) { backend.advance(by: duration) }

    /// Time since the start, on the simulator's clock.
    public var now: Duration { backend.clock.now }

    // MARK: What was called

    /// Every request so far, in order of arrival.
    public var ledger: [Call] { backend.locked { $0.ledger } }
    public var violations: [Violation] { backend.locked { $0.violations } }
    /// Calls that were answered with 429.
    public var throttled: Int { backend.locked { $0.throttled } }

    /// Calls of one action, by glob.
    public func calls(_ action: String, app: String = "*") -> [Call] {
        ledger.filter { glob(action, matches: $0.action) && glob(app, matches: $0.app ?? "") }
    }

    /// Forgets calls and violations, not objects; sequences go on.
    public func clearLedger() {
        backend.locked {
            $0.cleared += $0.ledger.count
            $0.ledger = []
            $0.violations = []
            $0.throttled = 0
        }
    }

    // MARK: What goes wrong

    public func inject(_ fault: Fault) { backend.locked { $0.faults.append(ArmedFault(fault)) } }

    public func inject(_ script: FaultScript) { for fault in script.faults { inject(fault) } }

    public func clearFaults() { backend.locked { $0.faults = [] } }

    public func setOutage(_ outage: Outage?) { backend.locked { $0.outage = outage } }

    /// Sees every call before and after its processing; one hook at a time, `nil` removes it.
    public func onCall(_ hook: Hook?) { backend.locked { $0.hook = hook } }

    /// Answers commands in machines; without it every command succeeds silently.
    public func onExec(_ exec: Exec?) { backend.locked { $0.exec = exec } }
}
