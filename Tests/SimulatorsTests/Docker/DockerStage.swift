import Foundation
import Simulators
import Testing

/// A daemon with an image and a client, and the few objects that most tests begin with.
struct DockerStage: Sendable {
    static let image = "ghcr.io/openclaw/openclaw:1"
    let daemon: DockerSimulator
    let client: SocketClient

    static func with(
        _ change: (inout DockerSimulator.Options) -> Void = { _ in }, _ body: (DockerStage) async throws -> Void
    ) async throws {
        var options = DockerSimulator.Options()
        options.clock = .manual
        change(&options)
        let daemon = try await DockerSimulator.start(options)
        daemon.publish(.init(image), isLocal: true)
        let stage = DockerStage(daemon: daemon, client: SocketClient(door: .unix(daemon.socket)))
        do { try await body(stage) } catch {
            await daemon.stop()
            throw error
        }
        await daemon.stop()
    }

    /// Creates a container; its id.
    @discardableResult func create(_ name: String, _ more: JSON = [:], host: JSON = [:]) async throws -> String {
        var body = more
        if body["Image"] == nil { body["Image"] = .string(Self.image) }
        body["HostConfig"] = host
        let answer = try await client.post("/containers/create?name=\(name)", body)
        return try #require(answer["Id"]?.string, "\(answer.text)")
    }

    @discardableResult func run(_ name: String, _ more: JSON = [:], host: JSON = [:]) async throws -> String {
        let id = try await create(name, more, host: host)
        try await start(name)
        return id
    }

    func start(_ name: String) async throws {
        let answer = try await client.post("/containers/\(name)/start")
        try #require(answer.status == 204, "\(answer.text)")
    }

    func state(_ name: String) async throws -> JSON {
        try #require(try await client.get("/containers/\(name)/json")["State"])
    }

    func makeExec(_ command: [String], in name: String) async throws -> String {
        let body: JSON = [
            "Cmd": .array(command.map { .string($0) }), "AttachStdout": true, "AttachStderr": true,
        ]
        let answer = try await client.post("/containers/\(name)/exec", body)
        return try #require(answer["Id"]?.string, "\(answer.text)")
    }

    /// Runs a command to its end: output and exit code.
    func exec(_ command: [String], in name: String) async throws -> (output: String, code: Int?) {
        let id = try await makeExec(command, in: name)
        let stream = try await client.post("/exec/\(id)/start", ["Detach": false, "Tty": false])
        let code = try await client.get("/exec/\(id)/json")["ExitCode"]?.int
        return (Self.frames(stream.bytes).map(\.text).joined(), code)
    }

    static func frames(_ bytes: [UInt8]) -> [(stream: UInt8, text: String)] {
        var found: [(UInt8, String)] = []
        var rest = bytes[...]
        while rest.count >= 8 {
            let head = Array(rest.prefix(8))
            let size = head[4...].reduce(0) { $0 << 8 | Int($1) }
            found.append((head[0], String(decoding: rest.dropFirst(8).prefix(size), as: UTF8.self)))
            rest = rest.dropFirst(8 + size)
        }
        return found.map { (stream: $0.0, text: $0.1) }
    }

    /// Waits, without a clock, until a call of this action is in the ledger and was processed.
    func arrival(of action: String, count: Int = 1) async {
        while daemon.calls(action).filter({ $0.status != 0 }).count < count { await Task.yield() }
    }
}

/// What a filter says, for a query.
func encoded(_ json: JSON) -> String {
    json.description.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
}
