/// What is checked before a request leaves: dockerd answers some of it with 500, or with the wrong object.
enum DockerRules {
    /// The least that dockerd takes (contract docker, "Containers").
    static let minMemoryBytes: Int64 = 6 << 20

    /// A name, or an id of 64 hex digits. A short text of hex digits is refused: dockerd takes it for the beginning of
    /// an id, perhaps that of somebody else's container.
    static func reference(_ text: String, _ action: DockerAction) throws {
        guard isName(text), !isHex(text) || text.utf8.count == 64 else {
            throw DockerError(
                .invalid, action, target: text, message: "neither a full id nor a name that cannot be one")
        }
    }

    static func name(_ text: String, _ action: DockerAction) throws {
        guard isName(text), !isHex(text) else {
            throw DockerError(
                .invalid, action, target: text,
                message: "a name is 2 to 128 of [a-zA-Z0-9_.-], begins with a letter or digit and is not all hex digits"
            )
        }
    }

    private static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return (2...128).contains(bytes.count) && isLetterOrDigit(bytes[0])
            && bytes.allSatisfy { isLetterOrDigit($0) || "_.-".utf8.contains($0) }
    }

    private static func isHex(_ text: String) -> Bool {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: false
        }
    }
}
