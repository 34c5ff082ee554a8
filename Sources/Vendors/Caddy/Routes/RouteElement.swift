import FoundationEssentials

/// One element of a server's routes: its bytes, which go back as they came, and what they say.
struct RouteElement {
    var bytes: [UInt8]
    var json: CaddyJSON

    /// - Parameter array: as Caddy gives it; `null` is a list without routes.
    static func all(in array: [UInt8]) throws(RouteArrayUnreadable) -> [RouteElement] {
        let trimmed = array.trimmed
        if trimmed == Array("null".utf8) { return [] }
        do {
            // All of it at once, so that whatever is cut below is known to be JSON.
            let values = try JSONDecoder().decode([CaddyJSON].self, from: Data(trimmed))
            let pieces = Self.pieces(of: trimmed)
            guard pieces.count == values.count else { throw RouteArrayUnreadable() }
            return zip(pieces, values).map { RouteElement(bytes: $0, json: $1) }
        } catch {
            throw RouteArrayUnreadable()
        }
    }

    var id: String? { json["@id"]?.text }

    /// Some request for exactly this host is meant for this route.
    func names(_ host: CaddyHost) -> Bool {
        json["match"]?.items.contains { matcher in
            matcher["host"]?.items.contains { $0.text?.lowercased() == host.text } ?? false
        } ?? false
    }

    /// No request for this host gets past this route.
    func catches(_ host: CaddyHost) -> Bool {
        guard !isPassThrough else { return false }
        let matchers = json["match"]?.items ?? []
        return matchers.isEmpty
            || matchers.contains { matcher in
                guard case .object(let fields) = matcher else { return false }
                if fields.isEmpty { return true }
                guard fields.count == 1, let hosts = fields["host"]?.items else { return false }
                return hosts.contains { $0.text.map(host.isMatched) ?? false }
            }
    }

    /// Changes requests and hands them on to later routes. A handler that is not known may answer.
    private var isPassThrough: Bool {
        if json["terminal"] == .bool(true) { return false }
        return (json["handle"]?.items ?? []).allSatisfy { handler in
            handler["handler"]?.text.map(Self.passingHandlers.contains) ?? false
        }
    }

    private static let passingHandlers: Set<String> = [
        "authentication", "encode", "headers", "log_append", "map", "push", "request_body", "rewrite", "templates",
        "tracing", "vars",
    ]

    /// Cuts a valid array at the commas of its first level.
    private static func pieces(of array: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var (depth, start) = (0, 1)
        var (isInText, isEscaped) = (false, false)
        for (index, byte) in array.enumerated() {
            if isInText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            if (depth == 1 && byte == UInt8(ascii: ",")) || (depth == 0 && start <= index) {
                let piece = Array(array[start..<index]).trimmed
                if !piece.isEmpty { pieces.append(piece) }
                start = index + 1
            }
        }
        return pieces
    }
}

/// The routes are not a JSON array: nothing can be planned for them.
public struct RouteArrayUnreadable: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String { "the server's routes are no JSON array: check Caddy's configuration" }
}

extension [UInt8] {
    /// Without white space around it: Caddy ends its answers with a line break.
    var trimmed: [UInt8] {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0d).contains($0) }
        guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Array(self[first...last])
    }
}
