extension DockerSimulator {
    /// One request, as the ledger keeps it.
    public struct Call: Sendable, CustomStringConvertible {
        /// From 1, in order of arrival.
        public let sequence: Int
        /// Since the start of the simulator, on its clock.
        public let time: Duration
        public let method: String
        public let path: String
        /// Decoded query.
        public let query: [String: String]
        /// What the call does: `create-container`, `start-exec`; `unknown` outside of the contract.
        public let action: String
        /// Id or name in the path; for creates the name that is asked for, for pulls the image.
        public let target: String?
        /// Name of the container that the call speaks of, when it is known.
        public let object: String?
        public let mutating: Bool
        public let body: JSON?
        /// What was (or would have been) answered; 0: not processed or still under way.
        public internal(set) var status = 0
        /// The connection was closed without an answer, or in the middle of it.
        public internal(set) var lost = false
        /// Fault that hit it.
        public internal(set) var fault: String?
        /// Error text of the answer.
        public internal(set) var error: String?
        /// Whether a streamed answer came to its end.
        public internal(set) var hasEnded = false

        public var description: String {
            let parts: [String?] = [
                "#\(sequence)", action, object ?? target, status == 0 ? "unprocessed" : String(status),
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

    /// A request that the contract doesn't know. Tests assert that there are none.
    public struct Breach: Sendable, CustomStringConvertible {
        public enum Kind: Sendable, Hashable {
            case unknownRoute, unknownQuery, unknownField, unknownFilter, brokenJSON, noContentType
            /// A part of the contract that this simulator doesn't have.
            case notModelled
        }
        public let kind: Kind
        public let text: String
        public let sequence: Int
        public var description: String { "#\(sequence) \(kind): \(text)" }
    }
}
