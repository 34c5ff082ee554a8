import Foundation
import Glibc

/// What stands behind Caddy in tests: answers every request with the head it received; after an upgrade it sends back
/// whatever it gets. One thread a connection.
public final class EchoUpstream: Sendable {
    public let port: Int
    private let listener: Int32

    public init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in accept() }
    }

    public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func accept() {
        while true {
            let peer = Glibc.accept(listener, nil, nil)
            guard peer >= 0 else {
                close(listener)
                return
            }
            _ = fcntl(peer, F_SETFD, FD_CLOEXEC)
            Thread.detachNewThread { [self] in
                serve(peer)
                close(peer)
            }
        }
    }

    private func serve(_ peer: Int32) {
        guard let start = readHead(peer), let end = start.firstRange(of: "\r\n\r\n") else { return }
        let head = start[..<end.upperBound]
        if head.lowercased().contains("upgrade: websocket") {
            write(peer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while let bytes = read(peer) { write(peer, bytes) }
            return
        }
        var rest = Int(head.firstMatch(of: /(?i)content-length: (\d+)/)?.1 ?? "0") ?? 0
        rest -= start[end.upperBound...].utf8.count
        while rest > 0, let bytes = read(peer) { rest -= bytes.utf8.count }
        let body = "port \(port)\r\n" + head
        write(
            peer,
            "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\nX-Powered-By: upstream\r\n"
                + "X-Kept: yes\r\n\r\n" + body)
    }

    private func readHead(_ peer: Int32) -> String? {
        var head = ""
        while !head.contains("\r\n\r\n") {
            guard let more = read(peer) else { return nil }
            head += more
        }
        return head
    }

    private func read(_ peer: Int32) -> String? { Wire.read(peer) }
    private func write(_ peer: Int32, _ text: String) { Wire.write(peer, text) }
}

/// A bare connection to Caddy, for what an HTTP client does not show.
public enum Wire {
    /// Sends each text once the one before it was answered with what it waits for; returns all that came.
    public static func talk(to port: Int, _ turns: [(send: String, await: String)]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Swift.Result { try converse(port, turns) }) }
        }
    }

    private static func converse(_ port: Int, _ turns: [(send: String, await: String)]) throws -> String {
        let peer = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(peer) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(peer, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isConnected == 0 else { throw POSIXError(.ECONNREFUSED) }
        var heard = ""
        for turn in turns {
            write(peer, turn.send)
            while !heard.contains(turn.await) {
                guard let more = read(peer) else { throw POSIXError(.ECONNRESET) }
                heard += more
            }
        }
        return heard
    }

    static func read(_ peer: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(peer, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }

    static func write(_ peer: Int32, _ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
