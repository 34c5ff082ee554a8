import Foundation
import Simulators
import Testing

/// HTTP by hand over the unix socket or TCP, so that nothing of ours stands between a test and the simulator.
struct SocketClient: Sendable {
    enum Door: Sendable {
        case unix(String)
        case tcp(UInt16)
    }
    var door: Door
    var version = "/v1.41"

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var bytes: [UInt8]
        /// The body came to its end.
        var isWhole: Bool
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var body: JSON { (try? JSON(parsing: text)) ?? .null }
        var message: String? { body["message"]?.string }
        subscript(_ key: String) -> JSON? { body[key] }
    }

    /// The connection was closed without an answer.
    struct HungUp: Error {}

    func get(_ path: String) async throws -> Answer { try await send("GET", path) }

    func post(_ path: String, _ body: JSON? = nil) async throws -> Answer { try await send("POST", path, body) }

    func send(
        _ method: String, _ path: String, _ body: JSON? = nil, bytes: [UInt8]? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        let content = bytes ?? body.map { Array($0.description.utf8) } ?? []
        var fields = ["Host": "docker", "Connection": "close", "Content-Length": String(content.count)]
        if body != nil { fields["Content-Type"] = "application/json" }
        fields.merge(headers) { _, given in given }
        let lines = fields.map { "\($0.key): \($0.value)\r\n" }.joined()
        let request = Array("\(method) \(version)\(path) HTTP/1.1\r\n\(lines)\r\n".utf8) + content
        let door = door
        let received = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(request, door) })
            }
        }
        return try Self.parse(received, isHead: method == "HEAD")
    }

    private static func exchange(_ request: [UInt8], _ door: Door) throws -> [UInt8] {
        let descriptor = try connected(door)
        defer { close(descriptor) }
        guard Foundation.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw HungUp()
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return received }
            received += chunk[..<count]
        }
    }

    private static func connected(_ door: Door) throws -> Int32 {
        let result: Int32
        let descriptor: Int32
        switch door {
        case .tcp(let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8) + [0]) }
            result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw HungUp()
        }
        return descriptor
    }

    private static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Answer {
        guard let split = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw HungUp() }
        let lines = String(decoding: bytes[..<split.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        let pairs = lines.dropFirst().map { line in
            let halves = line.split(separator: ":", maxSplits: 1)
            return (halves[0].lowercased(), halves.count > 1 ? halves[1].trimmingCharacters(in: .whitespaces) : "")
        }
        let headers = Dictionary(pairs) { _, last in last }
        let rest = Array(bytes[split.upperBound...])
        if headers["transfer-encoding"] == "chunked" {
            let (body, isWhole) = unchunk(rest)
            return Answer(status: status, headers: headers, bytes: body, isWhole: isWhole)
        }
        let length = headers["content-length"].flatMap { Int($0) }
        return Answer(
            status: status, headers: headers, bytes: rest, isWhole: isHead || length.map { $0 == rest.count } ?? true)
    }

    private static func unchunk(_ bytes: [UInt8]) -> ([UInt8], Bool) {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let text = String(decoding: rest[..<line.lowerBound], as: UTF8.self)
            guard let size = Int(text, radix: 16) else { return (body, false) }
            if size == 0 { return (body, true) }
            body += rest[line.upperBound...].prefix(size)
            rest = rest[line.upperBound...].dropFirst(size + 2)
        }
        return (body, false)
    }
}
