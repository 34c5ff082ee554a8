import FoundationEssentials
import Vendors

extension Problem {
    /// The one place where the vendor's refusals become decisions.
    init(_ error: FlyError) {
        let text = error.message.isEmpty ? error.description : error.message
        switch error.kind {
        case .notFound: self = .notFound
        case .nameTaken(let id): self = error.action == .createApp ? .nameTaken(text) : .machineExists(id: id)
        case .leaseHeld(let until): self = .leaseHeld(text, seconds: Self.wait(until))
        case .staleVersion: self = .versionConflict
        case .conflict, .wrongState, .timedOutWaiting: self = .busy(text)
        case .capacity(.region): self = .regionFull(text)
        case .capacity(.volumeHost), .capacity(.host): self = .hostFull(text)
        case .capacity(.quota): self = .quotaExceeded(text)
        case .invalid: self = Problem.refusal(text)
        case .unauthorized, .forbidden: self = .unauthorized(text)
        case .foreign: self = .nameTaken("app \(error.target) exists and belongs to somebody else: \(text)")
        case .rateLimited(let seconds): self = .throttled(seconds: seconds ?? 1)
        case .unavailable: self = .unavailable(text)
        case .outcomeUnknown: self = .outcomeUnknown
        }
    }

    /// Until the lease has ended, by the vendor's word; bounded, since that word comes from another clock.
    private static func wait(_ until: Date?) -> Double {
        guard let until else { return 15 }
        return min(60, max(1, until.timeIntervalSinceNow.rounded(.up) + 1))
    }

    private static func refusal(_ text: String) -> Problem {
        let words = text.lowercased()
        if words.contains("region") { return .refusedRegion(text) }
        if words.contains("image") || words.contains("manifest") { return .refusedImage(text) }
        return .refused(text)
    }
}
