import FoundationEssentials
import Outbound

/// An answer that is not 2xx, and what it means. Pure. Statuses differ between versions (contract caddy), the words
/// do not: what Caddy itself refuses, it has not done.
struct CaddyRefusal {
    var status: Int
    /// Caddy's `{"error": …}`; `nil` when something else answered.
    var text: String?

    init(status: Int, text: String?) {
        self.status = status
        self.text = text
    }

    init(_ response: Response) {
        struct Body: Decodable { var error: String }
        let body = try? JSONDecoder().decode(Body.self, from: Data(response.body))
        self.init(status: response.status, text: body?.error)
    }

    func error(of call: CaddyCall, at admin: CaddySettings.Admin) -> CaddyError {
        CaddyError(
            kind(of: call.action), call.action, target: call.target, admin: admin, status: status,
            message: String((text ?? "not an answer of Caddy's admin API").prefix(300)))
    }

    func kind(of action: CaddyAction) -> CaddyError.Kind {
        guard let text else {
            if (400..<500).contains(status) { return .unreadable }
            return action.isMutation ? .outcomeUnknown : .unavailable
        }
        if status == 412 { return .changedMeanwhile }
        if status == 401 || status == 403 { return .forbidden }
        // A path that leads through something missing.
        if text.hasPrefix("invalid traversal path") { return action == .writeRoutes ? .changedMeanwhile : .noServer }
        if text.hasPrefix("unknown object ID") { return .notFound }
        if action.isMutation { return .refused }
        return status >= 500 ? .unavailable : .unreadable
    }

    /// No answer at all.
    static func classify(_ error: OutboundError, of call: CaddyCall, at admin: CaddySettings.Admin) -> CaddyError {
        let isHarmless = error.isSurelyNotSent || !call.action.isMutation
        return CaddyError(
            isHarmless ? .unavailable : .outcomeUnknown, call.action, target: call.target, admin: admin,
            message: String(error.description.prefix(300)))
    }
}
