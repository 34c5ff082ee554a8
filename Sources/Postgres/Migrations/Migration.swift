import Crypto

/// One file of `sql/`, by its number. Forward-only: a file that was applied never changes again.
public struct Migration: Sendable, Hashable {
    public let version: Int
    /// `NNNN_subject.sql`.
    public let name: String
    public let text: String
    /// SHA-256 of the text, in hex.
    public let checksum: String

    public init(name: String, text: String) throws {
        guard let version = Int(name.prefix { $0.isNumber }), name.dropFirst(4).first == "_" else {
            throw PostgresError(.decoding, "\(name) is not a migration: its name has to be NNNN_subject.sql")
        }
        self.version = version
        self.name = name
        self.text = text
        var hex: [UInt8] = []
        for byte in SHA256.hash(data: Array(text.utf8)) { hex.appendHex(byte) }
        checksum = String(decoding: hex, as: UTF8.self)
    }
}
