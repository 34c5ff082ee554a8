import Foundation
import Synchronization

/// One client's connection through the proxy: two threads that copy whole messages.
final class WireSession: Sendable {
    private struct State {
        var counter = CommitCounter()
        /// Set when a commit was let through whose answer the client must not see.
        var onReady: (@Sendable () -> Void)?
        var isClosed = false
        var finished = 0
    }

    private let client: Int32
    private let server: Int32
    private let wire: PostgresWire
    private let state = Mutex(State())

    init(client: Int32, server: Int32, wire: PostgresWire) {
        self.client = client
        self.server = server
        self.wire = wire
    }

    func start() {
        Thread.detachNewThread { [self] in
            pumpClient()
            finish()
        }
        Thread.detachNewThread { [self] in
            pumpServer()
            finish()
        }
    }

    /// Both threads see the end.
    func close() {
        let isFirst = state.withLock { state in
            guard !state.isClosed else { return false }
            state.isClosed = true
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
            return true
        }
        if isFirst { wire.forget(self) }
    }

    /// The second thread to end gives the descriptors back: before that their numbers must not be used again.
    private func finish() {
        close()
        let isLast = state.withLock { state in
            state.finished += 1
            return state.finished == 2
        }
        guard isLast else { return }
        Glibc.close(client)
        Glibc.close(server)
    }

    private func pumpClient() {
        var reader = MessageReader(client)
        // The start-up message (and a cancel request) has no type byte.
        guard let first = reader.next(typed: false), wire.passes(), write(first, to: server) else { return }
        while let message = reader.next(typed: true) {
            guard wire.passes() else { continue }
            let commits = state.withLock { $0.counter.read(type: message[0], body: message.dropFirst(5)) }
            if commits {
                switch wire.countCommit() {
                case nil: break
                case .before:
                    wire.cutAll()
                    return
                case .after: hideReply { [wire] in wire.cutAll() }
                case .replyLost: hideReply { [self] in wire.lose(self) }
                }
            }
            guard write(message, to: server) else { return }
        }
    }

    private func hideReply(then cut: @escaping @Sendable () -> Void) {
        state.withLock { $0.onReady = cut }
    }

    private func pumpServer() {
        var reader = MessageReader(server)
        while let message = reader.next(typed: true) {
            let cut = state.withLock { state in
                if message[0] == UInt8(ascii: "Z") { state.counter.ready(message[5]) }
                return state.onReady
            }
            if let cut {
                if message[0] == UInt8(ascii: "Z") { return cut() }
                continue
            }
            guard wire.passes() else { continue }
            guard write(message, to: client) else { return }
        }
    }

    private func write(_ message: [UInt8], to socket: Int32) -> Bool {
        var sent = 0
        while sent < message.count {
            let count = message.withUnsafeBytes {
                send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { return false }
            sent += count
        }
        return true
    }
}

/// Cuts a stream into protocol messages: an optional type byte, then a length that counts itself.
private struct MessageReader {
    private let socket: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(_ socket: Int32) { self.socket = socket }

    mutating func next(typed: Bool) -> [UInt8]? {
        let prefix = typed ? 1 : 0
        guard fill(prefix + 4) else { return nil }
        let length = buffer[(start + prefix)..<(start + prefix + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard fill(prefix + length) else { return nil }
        defer { start += prefix + length }
        return Array(buffer[start..<(start + prefix + length)])
    }

    private mutating func fill(_ count: Int) -> Bool {
        if start > 1 << 16 {
            buffer.removeFirst(start)
            start = 0
        }
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while buffer.count - start < count {
            let got = recv(socket, &block, block.count, 0)
            if got <= 0 { return false }
            buffer.append(contentsOf: block[..<got])
        }
        return true
    }
}
