/// Seals the arguments of secret kinds (``JobKind/isSecret``): clients seal, workers open, the database sees neither key nor
/// clear text. Sealed arguments are `{"sealed": "…"}` to Postgres, which refuses any others of such a kind.
public struct ArgumentSeal: Sendable {
    /// The clear JSON to a text that only ``open`` understands; bound to the kind, so that it opens for no other one.
    public var seal: @Sendable (_ clear: String, _ kind: String) throws -> String
    /// Throws when the text was not sealed for this kind, or not by a known key.
    public var open: @Sendable (_ sealed: String, _ kind: String) throws -> String

    public init(
        seal: @escaping @Sendable (_ clear: String, _ kind: String) throws -> String,
        open: @escaping @Sendable (_ sealed: String, _ kind: String) throws -> String
    ) {
        self.seal = seal
        self.open = open
    }

    private static let opening = #"{"sealed": ""#
    private static let closing = #""}"#

    /// The JSON that goes to the database.
    func wrap(_ clear: String, kind: String) throws -> String {
        let sealed = try seal(clear, kind)
        guard sealed.utf8.allSatisfy({ $0 > 0x1f && $0 != 0x22 && $0 != 0x5c }) else {
            throw SealRefused(kind: kind, fault: "a sealed text must need no escape in JSON")
        }
        return Self.opening + sealed + Self.closing
    }

    /// The clear text of what ``wrap(_:kind:)`` made, as jsonb writes it back. What went wrong is not quoted: it may hold what
    /// was to be sealed.
    func unwrap(_ json: String, kind: String) throws -> String {
        guard json.hasPrefix(Self.opening), json.hasSuffix(Self.closing) else {
            throw SealRefused(kind: kind, fault: "they did not come sealed")
        }
        let sealed = json.dropFirst(Self.opening.count).dropLast(Self.closing.count)
        do {
            return try open(String(sealed), kind)
        } catch {
            throw SealRefused(kind: kind, fault: "they were sealed with another key, or for another kind")
        }
    }
}

/// Arguments of a secret kind that cannot be sealed or opened. Quotes nothing of them.
public struct SealRefused: Error, Equatable, CustomStringConvertible {
    public let kind: String
    public let fault: String

    public var description: String {
        "the sealed args of kind \(kind) cannot be used: \(fault); check the key ring, then enqueue the job again"
    }
}
