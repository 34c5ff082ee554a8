import FoundationEssentials
import Outbound

/// An answer that is not 2xx, and what it means. Pure.
struct FlyRefusal {
    var status: Int
    var code: String?
    var text: String
    /// The body is the vendor's error object, or empty: not a page of something in between.
    var isVendors: Bool
    var retryAfterSeconds: Double?
    var requestID: String?

    init(
        status: Int, code: String? = nil, text: String = "", isVendors: Bool = true,
        retryAfterSeconds: Double? = nil, requestID: String? = nil
    ) {
        self.status = status
        self.code = code
        self.text = text
        self.isVendors = isVendors
        self.retryAfterSeconds = retryAfterSeconds
        self.requestID = requestID
    }

    init(_ response: Response) {
        let body = try? JSONDecoder().decode(Body.self, from: Data(response.body))
        self.init(
            status: response.status, code: body?.code, text: body?.text ?? "",
            isVendors: body != nil || response.body.isEmpty,
            retryAfterSeconds: response.headers["retry-after"].flatMap(Double.init),
            requestID: response.requestID ?? response.headers["fly-request-id"])
    }

    /// `message` where present, else `error` (contract fly, basics).
    private struct Body: Decodable {
        var text: String
        var code: String?

        private enum CodingKeys: CodingKey { case message, error, status }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            let message = try? fields.decodeIfPresent(String.self, forKey: .message)
            let error = try? fields.decodeIfPresent(String.self, forKey: .error)
            text = message ?? error ?? ""
            code = try? fields.decodeIfPresent(String.self, forKey: .status)
        }
    }

    func error(of action: FlyAction, target: String) -> FlyError {
        FlyError(
            kind(of: action), action, target: target, status: status, code: code, message: String(text.prefix(300)),
            requestID: requestID)
    }

    func kind(of action: FlyAction) -> FlyError.Kind {
        // Nothing was processed, whatever the text says.
        if status == 429 { return .rateLimited(retryAfterSeconds: retryAfterSeconds) }
        if status == 401 { return .unauthorized }
        if status == 404 { return isVendors ? .notFound : .unavailable }
        if status == 408 { return timeout(of: action) }
        if let wording = FlyWording.first(status: status, code: code, text: text) { return wording.kind(text) }
        switch status {
        case 403: return action == .getApp ? .foreign : .forbidden
        case 409: return .conflict
        // Nothing else in an update's preconditions can fail than the version it names.
        case 412: return action == .updateMachine ? .staleVersion : .wrongState
        case 400..<500: return .invalid
        default: return action.isMutation ? .outcomeUnknown : .unavailable
        }
    }

    private func timeout(of action: FlyAction) -> FlyError.Kind {
        if action == .waitMachine { return .timedOutWaiting(currently: FlyWording.currentState(in: text)) }
        return action.isMutation ? .outcomeUnknown : .unavailable
    }

    /// No answer at all.
    static func classify(_ error: OutboundError, of action: FlyAction, target: String) -> FlyError {
        let isHarmless = error.isSurelyNotSent || !action.isMutation
        return FlyError(
            isHarmless ? .unavailable : .outcomeUnknown, action, target: target,
            message: String(error.description.prefix(300)))
    }
}
