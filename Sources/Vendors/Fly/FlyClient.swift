import FoundationEssentials
import Outbound

/// Typed calls of the Fly Machines API (contract fly), one file a resource. Every failure is a `FlyError`;
/// a cancelled caller gets `CancellationError`. Knows no database.
public struct FlyClient: Sendable {
    let outbound: Outbound
    let settings: FlySettings

    public init(outbound: Outbound, settings: FlySettings) {
        self.outbound = outbound
        self.settings = settings
    }

    /// The organisation whose machines `orgMachines` lists.
    public var org: String { settings.org }
}

/// One call before it is put on the wire.
struct FlyCall {
    var action: FlyAction
    /// Machine, volume or app that an error names.
    var target: String
    var method: String
    var path: [String]
    var query: [(String, String)] = []
    var body: [UInt8]?
    var leaseNonce: String?
    /// What the vendor counts the call against: the machine, else the app (contract fly, "Rate limits").
    var counted: String { path.first == "apps" && path.dropFirst(2).first == "volumes" ? path[1] : target }
    /// Extra time that the vendor may take by agreement.
    var patienceSeconds = 0
    var maxResponseBytes = 8 << 20
}

extension FlyClient {
    /// Sends a call and reads its answer.
    func read<Answer: Decodable>(_ call: FlyCall, as type: Answer.Type = Answer.self) async throws -> Answer {
        let response = try await send(call)
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            // A change that was answered with 200 has happened; only the look-up can say how.
            throw FlyError(
                call.action.isMutation ? .outcomeUnknown : .unavailable, call.action, target: call.target,
                status: response.status, message: "the answer is not what the contract says: \(shape(of: error))",
                requestID: response.requestID)
        }
    }

    /// Sends a call whose answer does not matter.
    func perform(_ call: FlyCall) async throws {
        do {
            _ = try await send(call)
        } catch let error as FlyError where call.action.isDelete && error.kind == .notFound {
            return  // gone is what a delete is for
        }
    }

    func send(_ call: FlyCall) async throws -> Response {
        let response: Response
        do {
            response = try await outbound.send(request(for: call))
        } catch let error as OutboundError {
            throw try failure(error, of: call)
        }
        guard (200..<300).contains(response.status) else {
            throw FlyRefusal(response).error(of: call.action, target: call.target)
        }
        return response
    }

    /// Sends a call whose answer is too large to be held.
    func stream(_ call: FlyCall) async throws -> StreamedResponse {
        let response: StreamedResponse
        var refusal: [UInt8] = []
        do {
            response = try await outbound.stream(request(for: call))
            if (200..<300).contains(response.status) { return response }
            try await response.forEachChunk { if refusal.count < 65_536 { refusal += $0 } }
        } catch let error as OutboundError {
            throw try failure(error, of: call)
        }
        throw FlyRefusal(
            Response(
                status: response.status, headers: response.headers, body: refusal, requestID: response.requestID)
        ).error(of: call.action, target: call.target)
    }

    /// - Throws: `CancellationError` when the caller was cancelled.
    func failure(_ error: OutboundError, of call: FlyCall) throws -> FlyError {
        if case .cancelled = error { throw CancellationError() }
        return FlyRefusal.classify(error, of: call.action, target: call.target)
    }

    private func request(for call: FlyCall) -> Request {
        var headers = [("Authorization", settings.token().authorization), ("Accept", "application/json")]
        if call.body != nil { headers.append(("Content-Type", "application/json")) }
        if let nonce = call.leaseNonce { headers.append(("fly-machine-lease-nonce", nonce)) }
        let patience = Duration.seconds(call.patienceSeconds)
        return Request(
            method: call.method, url: url(for: call), headers: headers, body: call.body,
            deadlines: Deadlines(total: .seconds(30) + patience, idle: .seconds(20) + patience),
            maxResponseBytes: call.maxResponseBytes,
            budgets: FlyBudgets.names(call.action, target: call.counted), breaker: "fly",
            retry: retry(call.action))
    }

    private func retry(_ action: FlyAction) -> RetryClass {
        // A wait that ended is a fact to look at, not a call to repeat.
        if action == .waitMachine { return .never }
        return action.isMutation ? .mutation : .read
    }

    private func url(for call: FlyCall) -> String {
        var text = settings.url
        while text.hasSuffix("/") { text.removeLast() }
        for part in call.path { text += "/" + percentEncoded(part) }
        for (index, (name, value)) in call.query.enumerated() {
            text += (index == 0 ? "?" : "&") + percentEncoded(name) + "=" + percentEncoded(value)
        }
        return text
    }

    /// Where decoding failed, without any value of the answer.
    private func shape(of error: any Error) -> String {
        guard let error = error as? DecodingError else { return "not JSON" }
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "not readable"
        }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
        return path.isEmpty ? "not the expected JSON" : "field \(path.joined(separator: "."))"
    }
}

/// Strict writer: sorted keys, so that equal requests are equal bytes.
func encoded(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value))
}
