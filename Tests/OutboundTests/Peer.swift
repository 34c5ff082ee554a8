import Foundation
import Glibc

/// The server's end of one connection.
struct Peer: Sendable {
    let socket: Int32

    /// `false` when the client is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func respond(_ status: Int = 200, headers: [String: String] = [:], body: String = "") -> Bool {
        var head = "HTTP/1.1 \(status) Word\r\nContent-Length: \(body.utf8.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        return send(head + "\r\n" + body)
    }

    /// Blocks until the client hangs up: how a test sees that a request was taken off the wire.
    func waitForHangUp() {
        while !read().isEmpty {}
    }

    func read() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : []
    }

    /// Closing now sends a reset instead of an end.
    func lingerZero() {
        var value = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &value, socklen_t(MemoryLayout<linger>.size))
    }

    func readRequest(_ connection: Int, _ index: Int) -> LoopbackServer.Heard? {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        var head: Range<Int>?
        while head == nil {
            let more = read()
            guard !more.isEmpty else { return nil }
            bytes += more
            head = bytes.firstRange(of: end)
        }
        let lines = String(decoding: bytes[..<head!.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var body = Array(bytes[head!.upperBound...])
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        if headers["transfer-encoding"] == "chunked" {
            while body.suffix(5) != Array("0\r\n\r\n".utf8)[...] {
                let more = read()
                guard !more.isEmpty else { return nil }
                body += more
            }
            body = Self.dechunked(body)
        } else {
            let length = Int(headers["content-length"] ?? "0") ?? 0
            while body.count < length {
                let more = read()
                guard !more.isEmpty else { return nil }
                body += more
            }
        }
        let words = lines[0].split(separator: " ")
        return LoopbackServer.Heard(
            connection: connection, indexOnConnection: index, method: String(words[0]), path: String(words[1]),
            headers: headers, body: body)
    }

    private static func dechunked(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) ?? 0
            guard size > 0 else { break }
            result += rest[line.upperBound...].prefix(size)
            rest = rest[(line.upperBound + size + 2)...]
        }
        return result
    }
}
