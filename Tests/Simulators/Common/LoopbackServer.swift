import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// A request as a simulator sees it, whole.
struct Exchange: Sendable {
    var method: String
    /// Path without query, percent-encoded as it came.
    var path: String
    var query: String
    var headers: HTTPFields
    var body: [UInt8]

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }
}

/// What a simulator does with a request.
enum Answer: Sendable {
    case reply(status: Int, headers: [(name: String, value: String)], body: String)
    case bytes(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    /// The head now, the body as it comes to be.
    case stream(status: Int, headers: [(name: String, value: String)], StreamBody)
    /// The connection is closed without a byte of answer.
    case hangUp
}

/// Writes pieces until it returns; false: the connection is closed in the middle.
typealias StreamBody = @Sendable (_ write: ([UInt8]) async throws -> Void) async throws -> Bool

/// A real HTTP server on 127.0.0.1, on a port that the system chooses, or on a unix socket.
final class LoopbackServer: Sendable {
    typealias Handler = @Sendable (Exchange) async -> Answer

    let port: Int
    private let running: Task<Void, any Error>

    /// Returns once connections are accepted. `port` 0 lets the system choose.
    convenience init(port: Int = 0, _ handler: @escaping Handler) async throws {
        try await self.init(address: .hostname("127.0.0.1", port: port), handler)
    }

    /// At one of the addresses 127.*, all of which are this machine's.
    convenience init(host: String, port: Int, _ handler: @escaping Handler) async throws {
        try await self.init(address: .hostname(host, port: port), handler)
    }

    convenience init(socket path: String, _ handler: @escaping Handler) async throws {
        try await self.init(address: .unixDomainSocket(path: path), handler)
    }

    private init(address: BindAddress, _ handler: @escaping Handler) async throws {
        let (opened, opening) = AsyncThrowingStream.makeStream(of: Int.self)
        var logger = Logger(label: "simulator")
        logger.logLevel = .critical
        let application = Application(
            responder: ExchangeResponder(handler: handler),
            configuration: ApplicationConfiguration(address: address, backlog: 4096),
            onServerRunning: { channel in opening.yield(channel.localAddress?.port ?? 0) },
            logger: logger)
        running = Task {
            do { try await application.run() } catch {
                opening.finish(throwing: error)
                throw error
            }
            opening.finish()
        }
        var ports = opened.makeAsyncIterator()
        guard let port = try await ports.next() else { throw CancellationError() }
        self.port = port
    }

    /// Stops accepting and closes what is open.
    func stop() async {
        running.cancel()
        _ = await running.result
    }

    /// Until the server is stopped.
    func wait() async throws { try await running.value }
}

/// Keeps the connection, so that a fault can close it.
private struct ChannelContext: InitializableFromSource {
    let channel: any Channel
    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

private struct ExchangeResponder: HTTPResponder {
    typealias Context = ChannelContext
    let handler: LoopbackServer.Handler

    func respond(to request: Request, context: ChannelContext) async throws -> Response {
        let body = try await request.body.collect(upTo: 64 << 20)
        let target = request.head.path ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let exchange = Exchange(
            method: request.method.rawValue, path: parts.first.map(String.init) ?? "/",
            query: parts.count > 1 ? String(parts[1]) : "", headers: request.headers, body: Array(buffer: body))
        switch await handler(exchange) {
        case .hangUp:
            try? await context.channel.close()
            return Response(status: .internalServerError)
        case .bytes(let status, let headers, let body):
            return Response(
                status: .init(code: status), headers: Self.fields(headers),
                body: .init(byteBuffer: ByteBuffer(bytes: body)))
        case .stream(let status, let headers, let body):
            let channel = context.channel
            let closes = status == 101
            let written = ResponseBody { writer in
                let isClean: Bool
                do {
                    isClean = try await body { try await writer.write(ByteBuffer(bytes: $0)) }
                } catch {
                    try? await channel.close()
                    throw error
                }
                if isClean { try await writer.finish(nil) }
                if closes || !isClean { try? await channel.close() }
            }
            return Response(status: .init(code: status), headers: Self.fields(headers), body: written)
        case .reply(let status, let headers, let body):
            var fields = Self.fields(headers)
            if fields[.contentType] == nil, !body.isEmpty { fields[.contentType] = "application/json; charset=utf-8" }
            return Response(
                status: .init(code: status), headers: fields, body: .init(byteBuffer: ByteBuffer(string: body)))
        }
    }
    private static func fields(_ headers: [(name: String, value: String)]) -> HTTPFields {
        var fields = HTTPFields()
        for header in headers {
            if let name = HTTPField.Name(header.name) { fields[name] = header.value }
        }
        return fields
    }
}
