import Foundation
import Synchronization

/// Stands in front of a daemon's socket and cuts connections: all of them at once, or the one whose request begins with
/// a given text, after the daemon has answered and before the client sees it.
final class CuttingProxy: Sendable {
    let socket: String
    private let target: String
    private let listener: Int32
    private struct State {
        var cut: String?
        var cuts = 0
        var open: Set<Int32> = []
    }
    private let state = Mutex(State())

    init(to target: String, at socket: String) throws {
        self.target = target
        self.socket = socket
        listener = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let bound = Self.withAddress(socket) { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 16) == 0 else { throw POSIXError(.EADDRINUSE) }
        Thread.detachNewThread { [self] in accept() }
    }

    /// The next answer to a request that begins so is lost.
    func loseAnswer(to request: String) { state.withLock { $0.cut = request } }

    /// Answers that were lost.
    var cuts: Int { state.withLock { $0.cuts } }

    func cutAll() {
        state.withLock { for socket in $0.open { shutdown(socket, Int32(SHUT_RDWR)) } }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        cutAll()
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else {
                close(listener)
                return
            }
            let server = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            for end in [client, server] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            guard Self.withAddress(target, { connect(server, $0, $1) }) == 0 else {
                close(server)
                close(client)
                continue
            }
            state.withLock { $0.open.formUnion([client, server]) }
            let link = Link()
            let passed = DispatchGroup()
            passed.enter()
            Thread.detachNewThread { [self] in
                pass(from: client, to: server, onRequest: { link.note($0, self.state) })
                passed.leave()
            }
            Thread.detachNewThread { [self] in
                pass(from: server, to: client, onAnswer: { link.mayPass(self.state) })
                passed.wait()
                state.withLock { $0.open.subtract([client, server]) }
                close(client)
                close(server)
            }
        }
    }

    /// What one connection has been asked.
    private final class Link: Sendable {
        private let isCut = Mutex(false)

        func note(_ bytes: ArraySlice<UInt8>, _ state: borrowing Mutex<State>) {
            let text = String(decoding: bytes.prefix(300), as: UTF8.self)
            let isMeant = state.withLock { state in
                guard let cut = state.cut, text.hasPrefix(cut) else { return false }
                state.cut = nil
                return true
            }
            if isMeant { isCut.withLock { $0 = true } }
        }

        func mayPass(_ state: borrowing Mutex<State>) -> Bool {
            guard isCut.withLock({ $0 }) else { return true }
            state.withLock { $0.cuts += 1 }
            return false
        }
    }

    private func pass(
        from source: Int32, to sink: Int32, onRequest: (ArraySlice<UInt8>) -> Void = { _ in },
        onAnswer: () -> Bool = { true }
    ) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        copying: while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            onRequest(buffer[..<count])
            guard onAnswer() else { break }
            var sent = 0
            while sent < count {
                let part = buffer[sent..<count].withUnsafeBytes {
                    send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard part > 0 else { break copying }
                sent += part
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(sink, Int32(SHUT_RDWR))
    }

    private static func withAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
