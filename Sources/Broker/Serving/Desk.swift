import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Outbound

/// Takes calls in, has them judged, and brings the answers of those that may pass.
struct Desk: Sendable {
    let policy: BrokerPolicy
    let door: DockerDoor
    let settings: BrokerSettings
    let logger: Logger

    func serve(_ request: Incoming, _ writer: consuming ResponseWriter, _ patience: Patience) async throws {
        let incoming = IncomingBody(request.body, patience)
        let reply = try await reply(to: request, incoming)
        let isHead = request.method == .head
        switch reply {
        case .whole(let status, let body):
            try await Self.write(status, isHead ? [] : body, writer, patience)
        case .streamed(let response):
            try await Self.pass(response, writer, isHead: isHead, patience)
        }
        try await incoming.drain(settings.maxBodyBytes)
    }

    private static func write(
        _ status: Int, _ bytes: [UInt8], _ writer: consuming ResponseWriter, _ patience: Patience
    ) async throws {
        var head = HTTPResponse(status: .init(code: status))
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.server] = "Docker/converged-broker"
        head.headerFields[.contentLength] = String(bytes.count)
        var body = try await writer.writeHead(head)
        try await patience.wait {
            try await body.write(ByteBuffer(bytes: bytes))
            try await body.finish(nil)
        }
    }

    private static func pass(
        _ response: StreamedResponse, _ writer: consuming ResponseWriter, isHead: Bool, _ patience: Patience
    ) async throws {
        var head = HTTPResponse(status: .init(code: response.status))
        for name in Reply.passed {
            if let value = response.headers[name], let field = HTTPField.Name(name) { head.headerFields[field] = value }
        }
        if let theirs = response.headers["api-version"] {
            head.headerFields[HTTPField.Name("api-version")!] = capped(theirs)
        }
        if isHead || response.status == 204 || response.status == 304 {
            try await response.forEachChunk { _ in }
            if isHead { head.headerFields[.contentLength] = "0" }
            return try await writer.writeResponse(head)
        }
        if let length = response.headers["content-length"] { head.headerFields[.contentLength] = length }
        var body = try await writer.writeHead(head)
        for try await chunk in response.body {
            try await patience.wait { try await body.write(ByteBuffer(bytes: chunk)) }
        }
        // An ended reader is not an ended body.
        try Task.checkCancellation()
        try await body.finish(nil)
    }

    /// The newest version that the rules here were written for.
    private static func capped(_ version: String) -> String {
        let parts = version.split(separator: ".")
        guard parts.count == 2, parts[0] == "1", let minor = Int(parts[1]) else { return version }
        return "1.\(min(minor, BrokerTarget.versions.upperBound))"
    }
}

extension Desk {
    private func reply(to request: Incoming, _ incoming: IncomingBody) async throws -> Reply {
        let method = request.method.rawValue
        do {
            let target = try BrokerTarget(request.head.path ?? "")
            let rule = try BrokerCall.find(method, target)
            let login = try login(request)
            var bytes: [UInt8] = []
            if case .archive = rule.body { try checkLength(request) } else { bytes = try await read(incoming) }
            return try await decide(try BrokerCall(rule, target, body: bytes), request, incoming, login)
        } catch let refusal as Refusal {
            logger.warning(
                "refused \(shown(method, max: 10)): \(refusal.why)", metadata: ["status": "\(refusal.status)"])
            return .refusal(refusal)
        } catch let unclear as DockerDoor.Unclear {
            return .whole(status: unclear.answer.status, body: unclear.answer.body)
        } catch OutboundError.cancelled {
            throw CancellationError()
        } catch let error as OutboundError {
            logger.error("Docker does not answer: \(error)")
            return .message(502, "Docker does not answer behind the broker (\(error)); is docker.service up?")
        }
    }

    private func decide(
        _ call: BrokerCall, _ request: Incoming, _ incoming: IncomingBody, _ login: String?
    ) async throws -> Reply {
        var facts: [Need: Fact] = [:]
        while true {
            switch policy.judge(call, knowing: facts) {
            case .look(let needs):
                for need in needs {
                    facts[need] = try await door.look(need, version: call.version ?? BrokerTarget.versions.lowerBound)
                }
            case .answer(let document): return .whole(status: 200, body: document.bytes)
            case .relay(let answer): return .whole(status: answer.status, body: answer.body)
            case .refuse(let refusal): throw refusal
            case .forward(let forwarding):
                logger.debug("forwarded \(forwarding.action)")
                return .streamed(
                    try await door.forward(forwarding, body: archive(request, incoming), login: login))
            }
        }
    }

    private func read(_ incoming: IncomingBody) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let part = try await incoming.next() {
            bytes += part
            guard bytes.count <= settings.maxBodyBytes else {
                throw Refusal("the body is larger than \(settings.maxBodyBytes) bytes", status: 413)
            }
        }
        return bytes
    }

    private func checkLength(_ request: Incoming) throws(Refusal) {
        if let length = length(of: request), length > settings.maxArchiveBytes {
            throw Refusal("the archive is larger than \(settings.maxArchiveBytes) bytes", status: 413)
        }
    }

    private func length(of request: Incoming) -> Int? { request.headers[.contentLength].flatMap { Int($0) } }

    private func archive(_ request: Incoming, _ incoming: IncomingBody) -> BodyStream {
        let most = settings.maxArchiveBytes
        return BodyStream(length: length(of: request)) { feed in
            var count = 0
            while let part = try await incoming.next() {
                count += part.count
                guard count <= most else { throw IncomingBody.Over() }
                try await feed(part)
            }
        }
    }

    /// The login of a registry: never looked into, never logged.
    private func login(_ request: Incoming) throws(Refusal) -> String? {
        guard !request.headers.contains(.upgrade) else { throw Refusal("connections are not handed over", status: 400) }
        guard let name = HTTPField.Name("X-Registry-Auth"), let value = request.headers[name] else { return nil }
        guard Words.isSimple(value, 0...16_000, "-_=+/") else {
            throw Refusal("X-Registry-Auth is not base64", status: 400)
        }
        return value
    }
}
