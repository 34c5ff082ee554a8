import FoundationEssentials
import Outbound
import Synchronization

/// Typed calls of one Docker daemon (contract docker), one file a subject. Every failure is a `DockerError`; a
/// cancelled caller gets `CancellationError`. Knows no database. Copies share the negotiated version.
public struct DockerClient: Sendable {
    public let endpoint: DockerEndpoint
    let registries: DockerRegistries
    let outbound: Outbound
    let supported: ClosedRange<DockerVersion>
    private let agreed: Agreed

    /// - Parameter registries: logins that pulls are made with.
    public init(_ outbound: Outbound, endpoint: DockerEndpoint, registries: DockerRegistries = .none) {
        self.init(outbound, endpoint: endpoint, registries: registries, supported: DockerVersion.supported)
    }

    init(
        _ outbound: Outbound, endpoint: DockerEndpoint, registries: DockerRegistries = .none,
        supported: ClosedRange<DockerVersion>, agreed: DockerVersion? = nil
    ) {
        self.outbound = outbound
        self.endpoint = endpoint
        self.registries = registries
        self.supported = supported
        self.agreed = Agreed(agreed)
    }

    private final class Agreed: Sendable {
        let version: Mutex<DockerVersion?>
        init(_ version: DockerVersion?) { self.version = Mutex(version) }
    }

    /// The version that both speak, asked for once; `versionRefused` when there is none. Also proves that the daemon
    /// answers, and over TLS that it takes our certificate: a change is never the first thing to be sent.
    @discardableResult public func negotiate() async throws -> DockerVersion {
        if let version = agreed.version.withLock({ $0 }) { return version }
        let theirs = try await ping()
        guard let version = DockerVersion.common(ours: supported, theirs: theirs) else {
            throw DockerError(
                .versionRefused, .ping, target: "\(endpoint)",
                message: "the daemon speaks \(theirs) at most, \(supported.lowerBound) is needed")
        }
        agreed.version.withLock { $0 = version }
        return version
    }

    func forgetVersion() { agreed.version.withLock { $0 = nil } }
}

extension DockerClient {
    /// Sends a call and reads its answer.
    func read<Answer: Decodable>(_ call: DockerCall, as type: Answer.Type = Answer.self) async throws -> Answer {
        try decode(type, from: try await send(call), of: call)
    }

    func decode<Answer: Decodable>(_ type: Answer.Type, from response: Response, of call: DockerCall) throws -> Answer {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            // A change that was answered with success has happened; only the look-up can say how.
            throw DockerError(
                call.action.isMutation ? .outcomeUnknown : .unavailable, call.action, target: call.target,
                status: response.status, message: "the answer is not what the contract says")
        }
    }

    /// 2xx and 304, everything else is thrown.
    @discardableResult func send(_ call: DockerCall) async throws -> Response {
        try await inVersion(call) { request in
            let response: Response
            do {
                response = try await outbound.send(request)
            } catch let error as OutboundError {
                throw try failure(error, of: call)
            }
            guard Self.isFine(response.status) else { throw DockerRefusal(response).error(of: call) }
            return response
        }
    }

    /// The head now, the body as it is read; `pieces(of:)` turns its failures into ours.
    func stream(_ call: DockerCall) async throws -> StreamedResponse {
        try await inVersion(call) { request in
            let response: StreamedResponse
            var refusal: [UInt8] = []
            do {
                response = try await outbound.stream(request)
                if Self.isFine(response.status) { return response }
                try await response.forEachChunk { if refusal.count < 65_536 { refusal += $0 } }
            } catch let error as OutboundError {
                throw try failure(error, of: call)
            }
            throw DockerRefusal(status: response.status, headers: response.headers, body: refusal).error(of: call)
        }
    }

    /// Reads a streamed body to its end.
    func forEachChunk(
        of response: StreamedResponse, _ call: DockerCall, _ body: ([UInt8]) throws -> Void
    ) async throws {
        do {
            try await response.forEachChunk(body)
        } catch let error as OutboundError {
            throw try failure(error, of: call)
        }
    }

    /// - Throws: `CancellationError` when the caller was cancelled.
    func failure(_ error: OutboundError, of call: DockerCall) throws -> DockerError {
        if case .cancelled = error { throw CancellationError() }
        return DockerRefusal.classify(error, of: call)
    }

    private static func isFine(_ status: Int) -> Bool { (200..<300).contains(status) || status == 304 }

    /// A daemon that was replaced under us refuses the version before it looks at anything else, so that asking once
    /// more in the right one is no repeat.
    private func inVersion<Answer>(
        _ call: DockerCall, _ send: (Request) async throws -> Answer
    ) async throws -> Answer {
        if call.isUnversioned { return try await send(call.request(at: endpoint, version: nil)) }
        let version = try await negotiate()
        do {
            return try await send(call.request(at: endpoint, version: version))
        } catch let error as DockerError where error.kind == .versionRefused {
            forgetVersion()
            let other = try await negotiate()
            guard other != version, call.bodyStream == nil else { throw error }
            return try await send(call.request(at: endpoint, version: other))
        }
    }
}
