/// A row of `converged.dns_wanted`: what DNS has to say, and on whose behalf.
struct WantedName: Sendable, Equatable {
    let name: String
    /// IPv4, as text; also for an alias, which is judged by where it leads.
    let address: String
}

/// What a look-up said. Silence is not absence.
public enum NameAnswer: Sendable, Equatable {
    case addresses([String])
    /// The resolver answered that there is no such name, or no address for it.
    case none
    /// Time ran out, or the resolver failed; why.
    case silence(String)
}

/// How a wanted record stands: a pure decision.
struct NameCheck: Sendable, Equatable {
    enum State: String, Sendable {
        case ok, missing, wrong, unknown
    }

    let state: State
    let found: [String]
    let advice: String

    init(_ wanted: WantedName, _ answer: NameAnswer) {
        switch answer {
        case .addresses(let found) where Set(found) == [wanted.address]:
            (state, self.found, advice) = (.ok, found, "")
        case .addresses(let found) where found.contains(wanted.address):
            // Whoever asks gets one of them by chance.
            (state, self.found, advice) = (.wrong, found, "remove all addresses but \(wanted.address)")
        case .addresses(let found) where !found.isEmpty:
            (state, self.found, advice) = (.wrong, found, "it has to lead to \(wanted.address)")
        case .addresses, .none:
            (state, found, advice) = (.missing, [], "enter it at the DNS provider")
        case .silence(let why):
            (state, found, advice) = (.unknown, [], "\(why): nothing is known of it, ask again")
        }
    }

    /// A record that is certainly not right needs a person; one that nobody could tell is worth another try.
    static func exit(for states: [State]) -> Exit {
        if states.contains(.missing) || states.contains(.wrong) { return .attention }
        return states.contains(.unknown) ? .temporary : .ok
    }
}
