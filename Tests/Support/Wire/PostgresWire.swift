import Foundation
import Synchronization

/// A byte proxy in front of a test cluster that knows where messages end. It counts commits and cuts connections
/// around a chosen one, so that a test can crash a daemon, or lose an answer, at every commit it makes.
///
/// A commit is a COMMIT in either protocol, or the end of an implicit transaction (reads included).
public final class PostgresWire: Sendable {
    public enum Cut: Sendable, CaseIterable {
        /// The commit never reaches the server; everything is cut and stays refused, like a crashed client.
        case before
        /// The commit is done, its answer is not seen; everything is cut and stays refused.
        case after
        /// The commit is done, its answer is not seen; only that connection is cut, new ones work.
        case replyLost
    }

    private struct State {
        var commits = 0
        var plan: (commit: Int, cut: Cut)?
        var isRefusing = false
        var isSwallowing = false
        var sessions: [ObjectIdentifier: WireSession] = [:]
        var onCut: (@Sendable () -> Void)?
    }

    /// Where libpq finds the proxy (`host=`).
    public let folder: String
    private let target: String
    private let port: Int
    private let listener: Int32
    private let state = Mutex(State())

    public static func start(before cluster: TestCluster) throws -> PostgresWire {
        let wire = try PostgresWire(cluster)
        let listener = wire.listener
        // The thread holds no more than the listener, so that a wire that nobody uses any more ends.
        Thread.detachNewThread { [weak wire] in
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0, let wire else { break }
                wire.admit(client)
            }
            close(listener)
        }
        return wire
    }

    private init(_ cluster: TestCluster) throws {
        folder = try TemporaryFolder.make("converged-wire")
        port = cluster.port
        target = "\(cluster.folder)/.s.PGSQL.\(port)"
        chmod(folder, 0o755)
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let status = withAddress("\(folder)/.s.PGSQL.\(port)") { bind(listener, $0, $1) }
        guard status == 0, listen(listener, 128) == 0 else { throw POSIXError(.EADDRINUSE) }
        chmod("\(folder)/.s.PGSQL.\(port)", 0o777)
    }

    deinit {
        if !state.withLock({ $0.isRefusing }) { end() }
    }

    /// Refuses new connections, by going away.
    private func end() {
        shutdown(listener, Int32(SHUT_RDWR))
        TemporaryFolder.remove(folder)
    }

    public func url(database: String, user: String = "postgres") -> String {
        "postgresql:///\(database)?host=\(folder)&port=\(port)&user=\(user)"
    }

    /// Commits seen so far, also those that were cut.
    public var commits: Int { state.withLock { $0.commits } }

    /// Cuts at the n-th commit from now on (1 is the next one).
    public func cut(atCommit number: Int, _ cut: Cut) {
        state.withLock { $0.plan = ($0.commits + number, cut) }
    }

    /// Called on a thread of the proxy once the planned cut, or `cutAll`, is done.
    public func onCut(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.onCut = body }
    }

    /// Cuts every connection and refuses new ones.
    public func cutAll() {
        let (isFirst, sessions, body) = state.withLock { state in
            defer {
                state.isRefusing = true
                state.onCut = nil
            }
            return (!state.isRefusing, Array(state.sessions.values), state.onCut)
        }
        if isFirst { end() }
        for session in sessions { session.close() }
        body?()
    }

    /// Cuts every connection; new ones work.
    public func cutCurrent() {
        for session in state.withLock({ Array($0.sessions.values) }) { session.close() }
    }

    /// While true, bytes go in and nothing comes out, and nobody is told: a half-open connection.
    public func swallow(_ isOn: Bool) {
        state.withLock { $0.isSwallowing = isOn }
        if !isOn { cutCurrent() }
    }

    // MARK: For the sessions

    func passes() -> Bool { state.withLock { !$0.isSwallowing } }

    /// Counts one commit; the cut to make at it, if any.
    func countCommit() -> Cut? {
        state.withLock { state in
            state.commits += 1
            guard let plan = state.plan, plan.commit == state.commits else { return nil }
            state.plan = nil
            return plan.cut
        }
    }

    func lose(_ session: WireSession) {
        session.close()
        let body = state.withLock { state in
            defer { state.onCut = nil }
            return state.onCut
        }
        body?()
    }

    func forget(_ session: WireSession) {
        state.withLock { $0.sessions[ObjectIdentifier(session)] = nil }
    }

    // MARK: The listener

    private func admit(_ client: Int32) {
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        if let session = connect(client) { session.start() } else { close(client) }
    }

    private func connect(_ client: Int32) -> WireSession? {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard withAddress(target, { Glibc.connect(server, $0, $1) }) == 0 else {
            close(server)
            return nil
        }
        let session = WireSession(client: client, server: server, wire: self)
        let isRefused = state.withLock { state in
            if !state.isRefusing { state.sessions[ObjectIdentifier(session)] = session }
            return state.isRefusing
        }
        if isRefused { close(server) }
        return isRefused ? nil : session
    }
}

private func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
