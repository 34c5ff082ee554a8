import FoundationEssentials
import Outbound

/// An answer that is not 2xx, and what it means. Pure.
struct DockerRefusal {
    var status: Int
    var text: String
    /// What answered is the daemon (JSON error, plain text of 20.10): not a page of something in between.
    var isDaemons: Bool

    init(status: Int, text: String, isDaemons: Bool = true) {
        self.status = status
        self.text = text
        self.isDaemons = isDaemons
    }

    init(_ response: Response) {
        self.init(status: response.status, headers: response.headers, body: response.body)
    }

    init(status: Int, headers: Headers, body: [UInt8]) {
        struct Message: Decodable { var message: String }
        let message = try? JSONDecoder().decode(Message.self, from: Data(body)).message
        // A version that is too old is refused in plain text (contract docker, "Transport").
        let plain = String(decoding: body.prefix(2000), as: UTF8.self)
        self.init(
            status: status, text: message ?? plain,
            isDaemons: message != nil || headers["api-version"] != nil
                || headers["server"]?.hasPrefix("Docker/") == true)
    }

    func error(of call: DockerCall) -> DockerError {
        DockerError(
            kind(of: call.action), call.action, target: call.target, status: status,
            message: text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    func kind(of action: DockerAction) -> DockerError.Kind {
        if let wording = DockerWording.first(action: action, status: status, text: text) { return wording.kind(text) }
        switch status {
        case 401: return .unauthorized
        case 403: return .forbidden
        case 404: return isDaemons ? absence(of: action) : .unavailable
        case 409: return .conflict
        case 429: return .rateLimited
        case 400..<500: return .invalid
        case 500 where isDaemons: return action.isMutation ? .failed : .unavailable
        default: return action.isMutation ? .outcomeUnknown : .unavailable
        }
    }

    /// Only what says that the object itself is gone may count as its absence (design law 2).
    private func absence(of action: DockerAction) -> DockerError.Kind {
        let lowered = text.lowercased()
        if lowered.contains("page not found") { return .unavailable }
        if lowered.contains("no such container") || lowered.contains("no such exec") { return .notFound }
        switch action {
        case .putArchive, .getArchive, .statPath: return .noSuchPath
        case .createContainer, .startContainer, .restartContainer: return .needMissing
        case .inspectContainer, .stopContainer, .killContainer, .unpauseContainer, .waitContainer, .updateContainer,
            .renameContainer:
            return .unavailable
        default: return .notFound
        }
    }

    /// No answer at all.
    static func classify(_ error: OutboundError, of call: DockerCall) -> DockerError {
        let isHarmless = error.isSurelyNotSent || !call.action.isMutation
        let kind: DockerError.Kind =
            if isHarmless, DockerWording.isCertificateRefused(error.description) {
                .unauthorized
            } else if call.action == .waitContainer, case .timedOut = error {
                .timedOutWaiting
            } else {
                isHarmless ? .unavailable : .outcomeUnknown
            }
        return DockerError(kind, call.action, target: call.target, message: error.description)
    }
}
