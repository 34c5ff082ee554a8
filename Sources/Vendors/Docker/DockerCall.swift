import FoundationEssentials
import Outbound

/// One call before it is put on the wire.
struct DockerCall {
    var action: DockerAction
    /// Container, image, network or volume that an error names.
    var target: String
    var method: String
    var path: [String]
    var query: [(String, String)] = []
    var body: [UInt8]?
    var bodyStream: BodyStream?
    var headers: [(String, String)] = []
    /// Until the last byte; nil for streams that may go on.
    var total: Duration? = .seconds(90)
    /// Between two bytes. dockerd answers an inspect in milliseconds, but a loaded host needs seconds to make a
    /// container.
    var idle = Duration.seconds(60)
    var maxResponseBytes = 16 << 20
    /// Without a version in front: only the negotiation itself.
    var isUnversioned = false

    init(_ action: DockerAction, _ target: String, _ method: String, _ path: [String]) {
        self.action = action
        self.target = target
        self.method = method
        self.path = path
    }

    /// A write that answers at once.
    static func post(_ action: DockerAction, _ target: String, _ path: [String]) -> DockerCall {
        DockerCall(action, target, "POST", path)
    }

    static func get(_ action: DockerAction, _ target: String, _ path: [String]) -> DockerCall {
        DockerCall(action, target, "GET", path)
    }

    static func delete(_ action: DockerAction, _ target: String, _ path: [String]) -> DockerCall {
        DockerCall(action, target, "DELETE", path)
    }

    func with(_ change: (inout DockerCall) throws -> Void) rethrows -> DockerCall {
        var copy = self
        try change(&copy)
        return copy
    }

    /// Broken JSON is answered with 500 (contract docker, "Transport"), so it is always made by the encoder.
    mutating func set(body: DockerJSON) throws {
        self.body = try encoded(body)
        headers.append(("Content-Type", "application/json"))
    }

    /// Time that the daemon takes by agreement.
    mutating func allow(_ seconds: Int) {
        total = total.map { $0 + .seconds(seconds) }
        idle += .seconds(seconds)
    }

    func request(at endpoint: DockerEndpoint, version: DockerVersion?) -> Request {
        var url = endpoint.url
        if let version { url += "/v\(version)" }
        for part in path { url += "/" + percentEncoded(part) }
        for (index, (name, value)) in query.enumerated() {
            url += (index == 0 ? "?" : "&") + percentEncoded(name) + "=" + percentEncoded(value)
        }
        return Request(
            method: method, url: url, unixSocket: endpoint.unixSocket, headers: headers, body: body,
            bodyStream: bodyStream, tls: endpoint.tls, deadlines: Deadlines(total: total, idle: idle),
            maxResponseBytes: maxResponseBytes, breaker: "docker/\(endpoint)", breaksOnServerErrors: false,
            retry: action.isRepeatable ? .read : action.isMutation ? .mutation : .never)
    }
}
