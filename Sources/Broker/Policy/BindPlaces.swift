/// Which folders of the host may be bound into a container: patterns in which `*` is one component, `/opt/mypa/agents/*/data`.
///
/// Docker follows symbolic links in the source of a bind, and the broker cannot see the host's files. So nothing may be
/// bound beneath something that is bound, or whoever runs inside could plant a link there and have it followed: the
/// depth of a pattern is exact, and a pattern beneath another one is refused.
public struct BindPlaces: Sendable, Equatable {
    public static let usual = BindPlaces(patterns: [["opt", "mypa", "agents", "*", "data"], ["opt", "twenty", "*"]])

    /// Environment files of services, the defaults of `converged.services.env_file`.
    public static let usualFiles = BindPlaces(patterns: [["opt", "twenty", ".env"], ["opt", "tez-mcp", ".env"]])

    let patterns: [[String]]

    /// Separated by colons. Nil when one is no absolute path, reaches the top of the host, or lies beneath another.
    public init?(_ text: String) {
        let texts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !texts.isEmpty, texts.allSatisfy({ Words.isPath($0) && !$0.contains("//") }) else { return nil }
        self.init(patterns: texts.map(Words.parts))
        for pattern in patterns {
            // Whole components only, and never a pattern that begins with one that fits everything.
            guard pattern.count >= 2, pattern[0] != "*", pattern.allSatisfy({ $0 == "*" || !$0.contains("*") }) else {
                return nil
            }
            for other in patterns where other.count > pattern.count && Self.mayMeet(other, pattern) { return nil }
        }
    }

    private init(patterns: [[String]]) { self.patterns = patterns }

    /// Whether something of these lies beneath something of the others: who runs in a container may have put a link there.
    public func isBeneath(_ others: BindPlaces) -> Bool {
        patterns.contains { mine in others.patterns.contains { mine.count > $0.count && Self.mayMeet(mine, $0) } }
    }

    public func allows(_ path: String) -> Bool {
        guard Words.isPath(path) else { return false }
        let parts = Words.parts(of: path)
        return patterns.contains { pattern in
            pattern.count == parts.count
                && zip(pattern, parts).allSatisfy { $0 == "*" ? Self.isOrdinary($1) : $0.utf8.elementsEqual($1.utf8) }
        }
    }

    /// `*` is no hidden file: `/opt/twenty/.env` holds secrets.
    private static func isOrdinary(_ part: String) -> Bool {
        Words.isSimple(part, 1...128, "._-") && !part.hasPrefix(".")
    }

    private static func mayMeet(_ longer: [String], _ shorter: [String]) -> Bool {
        zip(longer, shorter).allSatisfy { $0 == $1 || $0 == "*" || $1 == "*" }
    }
}

extension BindPlaces: CustomStringConvertible {
    public var description: String { patterns.map { "/" + $0.joined(separator: "/") }.joined(separator: ":") }
}
