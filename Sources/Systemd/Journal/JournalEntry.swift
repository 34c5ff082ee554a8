/// One entry in journald's native protocol (contract `systemd`): `NAME=value\n`, or, where the value holds a
/// newline, `NAME\n`, its length as 64-bit little-endian, the bytes and `\n`. A pure value.
public struct JournalEntry: Sendable {
    /// What goes into the datagram.
    public private(set) var bytes: [UInt8] = []

    /// A value beyond this is cut: a runaway message must not become a runaway allocation here and in journald.
    public static let maxValueBytes = 256 * 1024

    public init() {}

    /// `name` must already be a field name, see ``fieldName(_:)``.
    public mutating func add(_ name: String, _ value: String) {
        var value = value
        let cut = value.withUTF8 { $0.count > Self.maxValueBytes }
        if cut { value = String(decoding: value.utf8.prefix(Self.maxValueBytes), as: UTF8.self) + "…" }
        value.withUTF8 { text in
            bytes.append(contentsOf: name.utf8)
            if text.contains(UInt8(ascii: "\n")) {
                bytes.append(UInt8(ascii: "\n"))
                withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes.append(contentsOf: $0) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes.append(contentsOf: text)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// `CONVERGED_` and the key in upper case, with `_` for whatever journald doesn't take in a name (it drops a
    /// field with a bad or long name without a word), at most 64 characters.
    public static func fieldName(_ key: String) -> String {
        var name: [UInt8] = Array("CONVERGED_".utf8)
        for byte in key.utf8.prefix(64 - name.count) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): name.append(byte & 0xDF)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): name.append(byte)
            default: name.append(UInt8(ascii: "_"))
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}
