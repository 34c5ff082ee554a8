import Foundation
import Synchronization

/// A program under test. It dies with the test process, however that ends; output goes to files.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    public let processID: Int32
    public let standardOutput: String
    public let standardError: String
    private let exit: Exit

    /// Starts `arguments[0]` (a path) with exactly this environment; `user` needs root. `deathSignal` is what it gets
    /// when the test process is gone. What it says goes to `NAME.out` and `NAME.err` in `outputFolder`, else `directory`.
    public static func start(
        _ arguments: [String], environment: [String: String] = [:], directory: String = NSTemporaryDirectory(),
        name: String = "child", user: String? = nil, deathSignal: String = "KILL", outputFolder: String? = nil
    ) async throws -> ChildProcess {
        var wrapped = ["/usr/bin/env", "-C", directory, "/usr/bin/setpriv", "--pdeathsig=\(deathSignal)"]
        if let user { wrapped += ["--reuid=\(user)", "--regid=\(user)", "--clear-groups"] }
        wrapped.append("--")
        let command = wrapped + arguments
        let output = (outputFolder ?? directory) + "/\(name).out"
        let error = (outputFolder ?? directory) + "/\(name).err"
        let variables = environment.map { "\($0.key)=\($0.value)" }
        return try await withCheckedThrowingContinuation { continuation in
            // PR_SET_PDEATHSIG counts the death of the *thread* that forked: only a thread that never ends will do.
            Spawner.shared.perform {
                continuation.resume(
                    with: Swift.Result {
                        let id = try spawn(command, variables, output, error)
                        return ChildProcess(processID: id, output, error)
                    })
            }
        }
    }

    private init(processID: Int32, _ output: String, _ error: String) {
        self.processID = processID
        standardOutput = output
        standardError = error
        exit = Exit(processID)
    }

    deinit { kill(SIGKILL) }

    public var isRunning: Bool { exit.status == nil }

    public func kill(_ signal: Int32) {
        if exit.status == nil { Glibc.kill(processID, signal) }
    }

    /// The exit code, or minus the signal that ended it.
    @discardableResult public func wait() async -> Int32 { await exit.wait() }

    /// Everything it has said on both streams.
    public var log: String {
        [standardOutput, standardError].map { (try? String(contentsOfFile: $0, encoding: .utf8)) ?? "" }.joined()
    }
}

/// Waits for one process on a thread and remembers how it ended.
private final class Exit: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    private let state = Mutex(State())

    init(_ processID: Int32) {
        Thread.detachNewThread { [self] in
            var raw: Int32 = 0
            while waitpid(processID, &raw, 0) == -1 && errno == EINTR {}
            let signal = raw & 0x7f
            let status = signal == 0 ? (raw >> 8) & 0xff : -signal
            let waiters = state.withLock { state in
                state.status = status
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: status) }
        }
    }

    var status: Int32? { state.withLock { $0.status } }

    func wait() async -> Int32 {
        await withCheckedContinuation { continuation in
            let done = state.withLock { state -> Int32? in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let done { continuation.resume(returning: done) }
        }
    }
}

private func spawn(
    _ arguments: [String], _ variables: [String], _ output: String, _ error: String
) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    closeInherited(&actions)
    var argv = arguments.map { strdup($0) } + [nil]
    var environment = variables.map { strdup($0) } + [nil]
    defer { for text in argv + environment { free(text) } }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Worker threads block all signals, and a child would inherit that: SIGTERM would never arrive.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var id = pid_t()
    let status = posix_spawn(&id, arguments[0], &actions, &attributes, &argv, &environment)
    guard status == 0 else {
        throw ChildProcess.Failure(description: "cannot start \(arguments[0]): \(String(cString: strerror(status)))")
    }
    return id
}

/// Keeps the test's descriptors out of a long-lived child: Foundation's `Process` sees the end of *its* children by a
/// socket closing, and a copy of that socket held elsewhere makes it wait for ever. Glibc has the call since 2.34, but
/// Swift's module map hides it.
func closeInherited(_ actions: inout posix_spawn_file_actions_t) {
    typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
    _ = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, 3)
}

/// The one thread that forks.
private final class Spawner: Sendable {
    static let shared = Spawner()
    private let work = Mutex<[@Sendable () -> Void]>([])
    private let bell = DispatchSemaphore(value: 0)

    init() {
        Thread.detachNewThread { [self] in
            while true {
                bell.wait()
                work.withLock { $0.removeFirst() }()
            }
        }
    }

    func perform(_ body: @escaping @Sendable () -> Void) {
        work.withLock { $0.append(body) }
        bell.signal()
    }
}
