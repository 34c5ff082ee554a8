/// What a row's config puts into openclaw.json, remembered without its values: `<digest of the value> <JSON pointer>`
/// (RFC 6901) for each member that is no object with members of its own.
enum ConfigClaims {
    static func of(_ config: JSONValue) -> Set<String> {
        var claims: Set<String> = []
        walk(config, "") { place, value in claims.insert(claim(value, place)) }
        return claims
    }

    /// `file` without the members of these claims that still hold what was put there, and without the objects that are
    /// left empty by that.
    static func removing(_ claims: Set<String>, from file: JSONValue) -> JSONValue {
        claims.isEmpty ? file : prune(file, "", claims) ?? .object([:])
    }

    /// Nil: nothing is left of it.
    private static func prune(_ value: JSONValue, _ place: String, _ claims: Set<String>) -> JSONValue? {
        guard case .object(let members) = value, !members.isEmpty else {
            return claims.contains(claim(value, place)) ? nil : value
        }
        var kept: [String: JSONValue] = [:]
        for (name, member) in members { kept[name] = prune(member, place + "/" + escaped(name), claims) }
        return kept.isEmpty ? nil : .object(kept)
    }

    private static func walk(_ value: JSONValue, _ place: String, _ visit: (String, JSONValue) -> Void) {
        guard case .object(let members) = value, !members.isEmpty else {
            // The file itself is nobody's.
            return place.isEmpty ? () : visit(place, value)
        }
        for (name, member) in members { walk(member, place + "/" + escaped(name), visit) }
    }

    private static func claim(_ value: JSONValue, _ place: String) -> String {
        Digest.short([String(decoding: value.bytes, as: UTF8.self)]) + " " + place
    }

    private static func escaped(_ name: String) -> String {
        name.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
