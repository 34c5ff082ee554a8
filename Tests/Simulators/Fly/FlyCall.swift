extension FlySimulator {
    /// One request, as the ledger keeps it.
    public struct Call: Sendable, CustomStringConvertible {
        /// From 1, in order of arrival.
        public let sequence: Int
        /// Since the start of the simulator, on its clock.
        public let time: Duration
        public let method: String
        public let path: String
        /// Decoded query; repeated parameters are joined with commas.
        public let query: [String: String]
        /// What the call does: `create-machine`, `get-app`; `unknown` outside of the contract.
        public let action: String
        public let app: String?
        /// Id in the path; for creates the name in the body.
        public let target: String?
        public let mutating: Bool
        public let body: JSON?
        /// Whether it carried a lease nonce.
        public let hasNonce: Bool
        /// What was (or would have been) answered; 0: not processed or still under way.
        public internal(set) var status = 0
        /// The connection was closed without an answer.
        public internal(set) var lost = false
        /// Fault that hit it.
        public internal(set) var fault: String?
        /// Error text of the answer.
        public internal(set) var error: String?
        /// `fly-request-id` of the answer.
        public let requestID: String

        public var description: String {
            let parts: [String?] = [
                "#\(sequence)", action, app, target, status == 0 ? "unprocessed" : String(status),
                lost ? "lost" : nil, fault, error,
            ]
            return parts.compactMap(\.self).joined(separator: " ")
        }
    }

    /// When a hook sees a call.
    public enum Phase: Sendable, Hashable {
        /// It arrived and is not processed.
        case before
        /// It is processed and the reply is not sent.
        case after
    }

    public enum HookAction: Sendable {
        case proceed
        /// The call is processed (or was), but its reply is never sent.
        case dropReply
        /// The connection is closed; in `.before`, nothing is processed.
        case refuseAndClose
    }

    /// A request that the contract doesn't allow. Tests assert that there are none.
    public struct Violation: Sendable, CustomStringConvertible {
        public enum Kind: Sendable, Hashable {
            case unknownField, unknownQuery, unknownRoute, immutableField
            /// A mutation without the nonce of a lease that the API's caller holds. A restarted daemon does
            /// this legitimately.
            case missingNonce
        }
        public let kind: Kind
        public let text: String
        public let sequence: Int
        public var description: String { "#\(sequence) \(kind): \(text)" }
    }
}
