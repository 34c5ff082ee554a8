import FoundationEssentials

/// Why a call to the Machines API did not do what it was asked to. Holds the vendor's words (bounded), never ours:
/// no header, no body, no query.
public struct FlyError: Error, Sendable, Equatable {
    public enum Capacity: Sendable, Equatable {
        /// No host of the region fits: try the next region.
        case region
        /// The host that holds the volume is full: the volume has to move.
        case volumeHost
        /// The machine's own host has no room for the larger size.
        case host
        /// The organisation's quota: only a person can raise it.
        case quota
    }

    public enum Kind: Sendable, Equatable {
        /// 404 with the vendor's error body: the object does not exist.
        case notFound
        /// The name is in use; by which machine, when the vendor says so.
        case nameTaken(existingID: String?)
        /// Somebody else holds the machine's lease.
        case leaseHeld(until: Date?)
        /// The object is not at the version that the caller expected.
        case staleVersion
        /// 409 of another sort: busy, attached, just changing. Look again soon.
        case conflict
        case capacity(Capacity)
        /// The request itself is wrong and stays wrong until the desired state changes.
        case invalid
        /// The token is missing, wrong or expired (or the app is only just made).
        case unauthorized
        case forbidden
        /// 403 on reading an app by name: it exists and belongs to somebody else.
        case foreign
        /// Not possible in the object's present state (412, `failed_precondition`).
        case wrongState
        case rateLimited(retryAfterSeconds: Double?)
        /// The wait ended before the state came; the machine may still be on its way.
        case timedOutWaiting(currently: String?)
        /// Nothing was changed by this call: not sent, refused by a breaker, or a read that failed.
        case unavailable
        /// The change may have happened: look it up before repeating it.
        case outcomeUnknown
    }

    public var kind: Kind
    public var action: FlyAction
    /// App, volume or machine; an organisation for lists.
    public var target: String
    public var status: Int?
    /// The vendor's `status` field.
    public var code: String?
    /// The vendor's text, at most 300 characters, or what happened to the connection.
    public var message: String
    /// `fly-request-id`: what Fly's support asks for.
    public var requestID: String?

    public init(
        _ kind: Kind, _ action: FlyAction, target: String, status: Int? = nil, code: String? = nil,
        message: String = "", requestID: String? = nil
    ) {
        self.kind = kind
        self.action = action
        self.target = target
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
    }

    /// Repeating the same request cannot help: somebody has to change rows, token or quota.
    public var isTerminal: Bool {
        switch kind {
        case .invalid, .forbidden, .foreign, .capacity(.quota): true
        default: false
        }
    }

    /// Safe to repeat without a look: this call changed nothing.
    public var isSurelyUnchanged: Bool { kind != .outcomeUnknown }
}

extension FlyError: CustomStringConvertible {
    public var description: String {
        var text = "fly \(action.rawValue) \(target): \(kind)"
        if let status { text += " (HTTP \(status)\(code.map { ", \($0)" } ?? ""))" }
        if !message.isEmpty { text += ": \(message)" }
        if let requestID { text += " [request \(requestID)]" }
        return text
    }
}
