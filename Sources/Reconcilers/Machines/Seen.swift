/// What is known of an outside thing. Nothing may follow from `unknown`: neither a create nor a delete.
enum Seen<Thing: Sendable & Equatable>: Sendable, Equatable {
    case unknown
    case absent
    case present(Thing)

    var thing: Thing? {
        if case .present(let thing) = self { thing } else { nil }
    }
}
