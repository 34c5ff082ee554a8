import Logging

/// Every call that leaves this process, on one libcurl loop thread. Made once and shared by all vendors; errors are
/// always `OutboundError`. Cancelling the calling task takes the request off the wire at once.
public final class Outbound: Sendable {
    private let engine: Engine

    public init(_ settings: OutboundSettings = OutboundSettings(), logger: Logger) {
        engine = Engine(settings, logger: logger)
    }

    /// The whole response, whatever its status. Repeats as `Request.retry` says and no more.
    public func send(_ request: Request) async throws -> Response {
        switch try await engine.perform(request, isStreamed: false).1 {
        case .response(let response): return response
        case .head, .failed: throw OutboundError.outcomeUnknown("\(request.label): no response")
        }
    }

    /// Status and headers now, the body as it is read. `Deadlines.total` covers the whole body.
    public func stream(_ request: Request) async throws -> StreamedResponse {
        let (number, ending) = try await engine.perform(request, isStreamed: true)
        guard case .head(let status, let headers) = ending else {
            throw OutboundError.outcomeUnknown("\(request.label): no response")
        }
        let reading = Reading(engine, number)
        return StreamedResponse(
            status: status, headers: headers, requestID: await engine.requestID(headers),
            body: AsyncThrowingStream { try await reading.next() })
    }

    public func counters() async -> OutboundCounters { await engine.snapshot() }

    /// Refuses new calls, hands waiting ones back as not sent, waits for those on the wire (or ends them when the
    /// calling task is cancelled) and closes all connections. May be called again.
    public func close() async { await engine.close() }
}

/// Closes the connection when the body is dropped before its end.
private final class Reading: Sendable {
    private let engine: Engine
    private let number: UInt64

    init(_ engine: Engine, _ number: UInt64) {
        self.engine = engine
        self.number = number
    }

    func next() async throws -> [UInt8]? { try await engine.nextChunk(number) }

    deinit {
        let (engine, number) = (engine, number)
        Task { await engine.abandon(number) }
    }
}
