/// How one attempt failed, before the caller's view of it is known.
struct Failure: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Resolving, connecting, TLS, or the connection broke.
        case connection
        /// Settings that another attempt will not change: certificates, URL.
        case setting
        case connectTimeout, idleTimeout, totalTimeout
        case tooLarge
        case cancelled
    }

    let kind: Kind
    /// At least one byte of the request may have left, so it may have been processed.
    let wasSent: Bool
    let text: String

    /// Another attempt may fare better.
    var isPassing: Bool {
        switch kind {
        case .connection, .connectTimeout, .idleTimeout: true
        case .setting, .totalTimeout, .tooLarge, .cancelled: false
        }
    }

    /// The peer (not our own limits or our caller) is to blame: counts for the breaker.
    var isPeersFault: Bool {
        switch kind {
        case .connection, .connectTimeout, .idleTimeout, .totalTimeout: true
        case .setting, .tooLarge, .cancelled: false
        }
    }

    func error(for request: Request) -> OutboundError {
        let text = "\(request.label): \(text)"
        return switch kind {
        case .cancelled: .cancelled
        case .tooLarge: .tooLarge(text)
        case _ where wasSent && request.isMutation: .outcomeUnknown(text)
        case .connectTimeout, .idleTimeout, .totalTimeout: .timedOut(beforeSent: !wasSent, text)
        case .connection, .setting: wasSent ? .outcomeUnknown(text) : .notSent(text)
        }
    }
}
