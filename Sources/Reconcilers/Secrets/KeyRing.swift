import Crypto
import FoundationEssentials

/// The keys that seal secrets in the database. From the systemd credential `keyring`: a line `<key id> <base64 of 32
/// bytes>` each, `#` comments. The first line seals, all lines open, so a key is rotated by putting a new line on top.
public struct KeyRing: Sendable {
    private let currentID: String
    private let keys: [String: SymmetricKey]

    public init(credential: [UInt8]) throws(KeyRingError) {
        var keys: [String: SymmetricKey] = [:]
        var first: String?
        for (index, line) in String(decoding: credential, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false
        ).enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            guard words.count == 2 else { throw .malformed(line: index + 1, "two words are wanted: key id and key") }
            guard Self.isID(words[0]) else {
                throw .malformed(line: index + 1, "a key id is 1 to 32 letters, digits, '-' or '_'")
            }
            guard let bytes = Data(base64Encoded: words[1]), bytes.count == 32 else {
                throw .malformed(line: index + 1, "the key is not the base64 of 32 bytes")
            }
            guard keys[words[0]] == nil else { throw .malformed(line: index + 1, "key id \(words[0]) stands twice") }
            keys[words[0]] = SymmetricKey(data: bytes)
            first = first ?? words[0]
        }
        guard let first else { throw .empty }
        currentID = first
        self.keys = keys
    }

    private static func isID(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
            }
    }

    /// `v1.<key id>.<base64 of nonce, ciphertext and tag>`, AES-256-GCM, bound to the row it belongs to: copied to
    /// another row it does not open.
    public func seal(_ secret: [UInt8], for row: UUID) -> String {
        guard let key = keys[currentID],
            let box = try? AES.GCM.seal(secret, using: key, authenticating: Self.binding(row)),
            let bytes = box.combined
        else { preconditionFailure("AES-GCM with a 256-bit key and its own nonce always seals") }
        return "v1.\(currentID).\(Data(bytes).base64EncodedString())"
    }

    public func open(_ sealed: String, for row: UUID) throws(KeyRingError) -> [UInt8] {
        let parts = sealed.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "v1", let bytes = Data(base64Encoded: String(parts[2])) else {
            throw .unreadable
        }
        guard let key = keys[String(parts[1])] else { throw .missing(keyID: String(parts[1])) }
        guard let box = try? AES.GCM.SealedBox(combined: bytes),
            let secret = try? AES.GCM.open(box, using: key, authenticating: Self.binding(row))
        else { throw .unreadable }
        return [UInt8](secret)
    }

    private static func binding(_ row: UUID) -> [UInt8] { Array(row.uuidString.lowercased().utf8) }
}

extension KeyRing: CustomStringConvertible, CustomReflectable {
    public var description: String { "<key ring of \(keys.count)>" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What is wrong with a key ring or a sealed value. Quotes no key and no secret.
public enum KeyRingError: Error, Sendable, Equatable, CustomStringConvertible {
    case empty
    case malformed(line: Int, String)
    case missing(keyID: String)
    case unreadable

    public var description: String {
        switch self {
        case .empty: "the key ring holds no key: write a line \"<key id> <base64 of 32 bytes>\""
        case .malformed(let line, let what): "key ring, line \(line): \(what)"
        case .missing(let id): "the key ring lacks key \(id): put it back below the current one"
        case .unreadable: "the sealed value does not open: it was changed, or belongs to another row"
        }
    }
}
