import Foundation
import Simulators
import Testing

/// HTTP by hand over a socket, so that nothing of ours stands between a test and the simulator.
struct RawClient: Sendable {
    let port: UInt16
    let token: String

    init(_ simulator: FlySimulator) {
        port = URL(string: simulator.url).flatMap(\.port).flatMap { UInt16(exactly: $0) } ?? 0
        token = simulator.token
    }

    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var text: String
        /// The body as JSON; null when it is none.
        var body: JSON { (try? JSON(parsing: text)) ?? .null }
        subscript(_ key: String) -> JSON? { body[key] }
    }

    /// The connection was closed without an answer.
    struct HungUp: Error {}

    func get(_ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    func post(_ path: String, _ body: JSON? = nil, nonce: String? = nil) async throws -> Answer {
        try await send("POST", path, body, nonce: nonce)
    }

    func send(
        _ method: String, _ path: String, _ body: JSON? = nil, nonce: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        let text = body?.description ?? ""
        var fields = ["Authorization": "Bearer \(token)", "Host": "127.0.0.1", "Connection": "close"]
        if let nonce { fields["fly-machine-lease-nonce"] = nonce }
        if body != nil { fields["Content-Type"] = "application/json" }
        fields["Content-Length"] = String(text.utf8.count)
        fields.merge(headers) { _, given in given }
        let lines = fields.map { "\($0.key): \($0.value)\r\n" }.joined()
        let request = "\(method) /v1\(path) HTTP/1.1\r\n\(lines)\r\n\(text)"
        let port = port
        let bytes = try await withCheckedThrowingContinuation { continuation in
            // An own thread: a shared pool grows too slowly when many tests wait for their answers.
            Thread.detachNewThread {
                continuation.resume(with: Result { try Self.exchange(request, port: port) })
            }
        }
        return try Self.parse(bytes)
    }

    private static func exchange(_ request: String, port: UInt16) throws -> [UInt8] {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw HungUp() }
        let sent = Array(request.utf8)
        guard Foundation.send(descriptor, sent, sent.count, Int32(MSG_NOSIGNAL)) == sent.count else {
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

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let split = text.firstRange(of: "\r\n\r\n") else { throw HungUp() }
        let lines = text[..<split.lowerBound].split(separator: "\r\n")
        let status = try #require(lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) })
        let pairs = lines.dropFirst().map { line in
            let halves = line.split(separator: ":", maxSplits: 1)
            return (halves[0].lowercased(), halves.count > 1 ? halves[1].trimmingCharacters(in: .whitespaces) : "")
        }
        return Answer(
            status: status, headers: Dictionary(pairs) { _, last in last }, text: String(text[split.upperBound...]))
    }
}

/// A simulator with a client, and the few objects that most tests begin with.
struct Stage {
    let simulator: FlySimulator
    let client: RawClient

    /// A clock that stands still until it is advanced, and what the test wants.
    static func options(_ change: (inout FlySimulator.Options) -> Void = { _ in }) -> FlySimulator.Options {
        var options = FlySimulator.Options()
        options.clock = .manual
        change(&options)
        return options
    }

    static func with(
        _ options: FlySimulator.Options = options(), _ body: (Stage) async throws -> Void
    ) async throws {
        let simulator = try await FlySimulator.start(options)
        do { try await body(Stage(simulator: simulator, client: RawClient(simulator))) } catch {
            await simulator.stop()
            throw error
        }
        await simulator.stop()
    }

    func app(_ name: String = "automna-u-1") async throws {
        let answer = try await client.post("/apps", ["app_name": .string(name), "org_slug": "personal"])
        try #require(answer.status == 201, "\(answer.text)")
    }

    func volume(_ app: String = "automna-u-1") async throws -> String {
        let answer = try await client.post("/apps/\(app)/volumes", ["name": "data", "region": "iad", "size_gb": 1])
        return try #require(answer["id"]?.string, "\(answer.text)")
    }

    static let image: JSON = "ghcr.io/openclaw/openclaw:2026.2.22"

    func machine(
        _ app: String = "automna-u-1", name: String = "gateway", config: JSON = ["image": image], more: JSON = [:]
    ) async throws -> String {
        var body = more
        body["name"] = .string(name)
        body["region"] = "iad"
        body["config"] = config
        let answer = try await client.post("/apps/\(app)/machines", body)
        return try #require(answer["id"]?.string, "\(answer.text)")
    }

    func state(_ id: String, _ app: String = "automna-u-1") async throws -> String? {
        try await client.get("/apps/\(app)/machines/\(id)")["state"]?.string
    }
}
