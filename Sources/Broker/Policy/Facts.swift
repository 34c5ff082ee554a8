/// Something at the daemon that a decision depends on.
enum Need: Sendable, Hashable {
    case container(String)
    /// An exec's id; the fact is the container that it runs in.
    case exec(String)
    case network(String)
    case volume(String)
}

/// What the daemon says about it.
enum Fact: Sendable, Equatable {
    /// It carries our label. The id (of a volume: its name) is what is forwarded, so that a rename in between changes nothing.
    case ours(id: String)
    /// Ours, with a file of the host in it: it is made, read and removed, and never runs.
    case reader(id: String)
    case foreign(Glimpse)
    case exec(container: String)
    /// It is not there; this was the daemon's answer.
    case absent(Relayed)
}

/// All that is told about somebody else's container: that it has the name.
struct Glimpse: Sendable, Equatable {
    var id: String
    var name: String
    var status: String

    /// As an inspect shows it, without anything in it.
    var document: JSON {
        .object([
            .init("Id", .text(id)), .init("Name", .text(name)), .init("Image", .text("")),
            .init("State", .object([.init("Status", .text(status))])),
            .init("Config", .object([.init("Image", .text("")), .init("Labels", .object([]))])),
            .init("HostConfig", .object([])),
        ])
    }
}

/// An answer of the daemon, whole.
struct Relayed: Sendable, Equatable {
    var status: Int
    var body: [UInt8]
}

/// A call that may go to the daemon, written anew.
struct Forwarding: Sendable, Equatable {
    enum Body: Sendable, Equatable {
        case none
        case json([UInt8])
        /// The client's bytes as they come: an archive.
        case stream
    }

    var action: String
    var method: String
    /// With version and query, percent-encoded.
    var target: String
    var body: Body
    /// `X-Registry-Auth` goes along.
    var takesLogin = false
}

enum Verdict: Sendable, Equatable {
    /// Ask the daemon about these, then judge again.
    case look([Need])
    case forward(Forwarding)
    /// Answered here.
    case answer(JSON)
    case relay(Relayed)
    case refuse(Refusal)
}
