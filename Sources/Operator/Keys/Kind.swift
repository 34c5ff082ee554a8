/// What `get` lists and `pause` knows. Singular and plural mean the same.
public enum Kind: String, CaseIterable, Sendable {
    case machine, pa, service, droplet, rollout, user, profile, condition, event, orphan, worker, job, pause

    public init(named text: String) throws(VerbError) {
        if let kind = Kind(rawValue: Self.singular(text)) {
            self = kind
            return
        }
        let names = Self.allCases.map(\.plural)
        throw VerbError(
            .unknown,
            "'\(text)' is no kind\(Spelling.suggest(text, among: names)) (\(names.joined(separator: ", ")))")
    }

    var plural: String { rawValue + "s" }

    static func singular(_ text: String) -> String {
        let word = text.lowercased()
        return word.count > 1 && word.hasSuffix("s") ? String(word.dropLast()) : word
    }
}
