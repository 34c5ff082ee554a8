import Foundation
import Glibc
import Synchronization

/// A real HTTP/1.1 server on loopback or a unix socket that can also misbehave: every request is written to a ledger,
/// then a closure does with the socket what it likes. One thread a connection; blocking is fine here.
final class LoopbackServer: Sendable {
    struct Heard: Sendable {
        /// Connections and requests are counted from 0.
        let connection: Int
        let indexOnConnection: Int
        let method: String
        let path: String
        let headers: [String: String]
        let body: [UInt8]
    }
    enum After: Sendable { case keep, close, reset }
    typealias Answer = @Sendable (Peer, Heard) -> After

    private struct State {
        var ledger: [Heard] = []
        var connections = 0
        var sockets: Set<Int32> = []
    }

    let url: String
    let unixSocket: String?
    private let listener: Int32
    private let state = Mutex(State())

    private let beforeReading: @Sendable () -> Void

    init(
        unixSocket: String? = nil, beforeReading: @escaping @Sendable () -> Void = {}, _ answer: @escaping Answer
    ) throws {
        self.unixSocket = unixSocket
        self.beforeReading = beforeReading
        listener = try unixSocket.map(Self.listenUnix) ?? Self.listenLoopback()
        url = unixSocket == nil ? "http://127.0.0.1:\(Self.port(of: listener))" : "http://localhost"
        Thread.detachNewThread { [self] in accept(answer) }
    }

    var ledger: [Heard] { state.withLock { $0.ledger } }
    var connections: Int { state.withLock { $0.connections } }
    var openConnections: Int { state.withLock { $0.sockets.count } }

    func stop() {
        // Closed by its own thread: here the number could already be another server's when that thread accepts again.
        shutdown(listener, Int32(SHUT_RDWR))
        state.withLock { for socket in $0.sockets { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    private func accept(_ answer: @escaping Answer) {
        while true {
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else {
                Glibc.close(listener)
                return
            }
            // A child of another test must not keep a connection open that its owner has closed.
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            let number = state.withLock { state in
                state.sockets.insert(socket)
                defer { state.connections += 1 }
                return state.connections
            }
            Thread.detachNewThread { [self] in serve(Peer(socket: socket), number, answer) }
        }
    }

    private func serve(_ peer: Peer, _ connection: Int, _ answer: Answer) {
        beforeReading()
        var index = 0
        var after = After.keep
        while after == .keep, let heard = peer.readRequest(connection, index) {
            state.withLock { $0.ledger.append(heard) }
            after = answer(peer, heard)
            index += 1
        }
        // Whoever sees the socket leave the set may rely on the end having been sent; out of the set before `close`,
        // after which the number may be used again.
        if after != .reset { shutdown(peer.socket, Int32(SHUT_RDWR)) }
        state.withLock { _ = $0.sockets.remove(peer.socket) }
        if after == .reset { peer.lingerZero() }
        Glibc.close(peer.socket)
    }

    private static func listenLoopback() throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard bound == 0, listen(socket, 512) == 0 else { throw POSIXError(.EADDRINUSE) }
        return socket
    }

    private static func listenUnix(_ path: String) throws -> Int32 {
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, size) }
        }
        guard bound == 0, listen(socket, 512) == 0 else { throw POSIXError(.EADDRINUSE) }
        return socket
    }

    private static func port(of socket: Int32) -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(socket, $0, &size) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
