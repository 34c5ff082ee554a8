/// What an operator points at: kind and key of an object's job.
public struct Key: Sendable, Equatable, CustomStringConvertible {
    public let kind: String
    public let key: String

    public var description: String { "\(kind)/\(key)" }

    /// The job that works on it: a fleet is what surveys look at.
    var job: Key { kind == "fleet" ? Key(kind: "survey", key: "fly") : self }
}

/// A KEY as it was typed: `machine/<id or name>`, `survey/fly`, `fleet/fly`, `fleet/profile/<name>`, or a bare name of a
/// machine.
struct KeyReference: Equatable {
    let kind: String
    let name: String

    /// Kinds whose keys are no rows.
    static let fleets: Set<String> = ["survey", "fleet"]

    init(_ text: String) throws(VerbError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        kind = parts.count == 2 ? Kind.singular(parts[0]) : "machine"
        name = parts[parts.count - 1]
        guard !name.isEmpty, !kind.isEmpty else {
            throw VerbError(.unknown, "'\(text)' is no key; \(Self.grammar)")
        }
        guard kind == "machine" || Self.fleets.contains(kind) else {
            let nearest = Spelling.suggest(kind, among: ["machine"] + Self.fleets)
            throw VerbError(.unknown, "'\(kind)' is no kind of object\(nearest); \(Self.grammar)")
        }
    }

    static let grammar = """
        a key is machine/NAME (the id or its first 4 or more characters, the Fly app, the machine's name, the user's short \
        id or e-mail address), survey/fly, survey/accept, fleet/fly or fleet/profile/NAME
        """
}
