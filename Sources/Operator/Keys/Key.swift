/// What an operator points at: kind and key of an object.
public struct Key: Sendable, Equatable, CustomStringConvertible {
    public let kind: String
    public let key: String
    /// Kind of the job that works on it, where that isn't the object's own: `pa@fleet-alpha`.
    let jobKind: String

    init(kind: String, key: String, jobKind: String? = nil) {
        self.kind = kind
        self.key = key
        self.jobKind = jobKind ?? kind
    }

    public var description: String { "\(kind)/\(key)" }

    /// The job that works on it: a fleet is what surveys look at.
    var job: Key {
        kind == "fleet" ? Key(kind: "survey", key: "fly") : Key(kind: jobKind, key: key)
    }

    /// Under which its last run is remembered in `converged.traces`.
    var trace: Key { kind == "fleet" ? job : Key(kind: kind, key: key) }

    /// The job that foresees what would be done, and does nothing; nil where nobody can.
    var planJob: Key? {
        switch kind {
        case "machine": Key(kind: "plan", key: key)
        case "pa", "service":
            // Without a row nobody knows where it would be planned.
            jobKind.split(separator: "@", maxSplits: 1).dropFirst().first.map {
                Key(kind: "plan@\($0)", key: description)
            }
        default: nil
        }
    }
}

/// A KEY as it was typed: `pa/<name or id>`, `machine/<name or id>`, `survey/fly`, `fleet/profile/<name>`, …, or a bare name
/// of a machine.
struct KeyReference: Equatable {
    let kind: String
    let name: String

    /// Kinds whose keys are no rows.
    static let fleets: Set<String> = ["survey", "fleet"]
    /// Kinds of `converged.objects`.
    static let objects = ["machine", "pa", "service", "droplet", "rollout"]

    init(_ text: String) throws(VerbError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        kind = parts.count == 2 ? Kind.singular(parts[0]) : "machine"
        name = parts[parts.count - 1]
        guard !name.isEmpty, !kind.isEmpty else {
            throw VerbError(.unknown, "'\(text)' is no key; \(Self.grammar)")
        }
        guard Self.objects.contains(kind) || Self.fleets.contains(kind) else {
            let nearest = Spelling.suggest(kind, among: Self.objects + Self.fleets)
            throw VerbError(.unknown, "'\(kind)' is no kind of object\(nearest); \(Self.grammar)")
        }
    }

    static let grammar = """
        a key is machine/NAME (the id or its first 4 or more characters, the Fly app, the machine's name, the user's short \
        id or e-mail address), pa/NAME (its name, container, host or id), service/NAME or service/DROPLET/NAME, \
        droplet/NAME, rollout/NUMBER, survey/fly, survey/accept, fleet/fly or fleet/profile/NAME
        """
}
