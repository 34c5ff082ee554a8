/// One member of an archive. Owner and mode are always said: the daemon keeps them as they are (contract docker,
/// "Containers").
public struct TarEntry: Sendable {
    public enum Content: Sendable {
        case file(TarContent)
        case folder
        /// A symbolic link to this path.
        case link(to: String)
    }

    /// Relative to the folder that it is unpacked in.
    public var path: String
    public var content: Content
    /// Permission bits, `0o600`.
    public var mode: Int
    public var userID: Int
    public var groupID: Int
    /// Seconds since 1970.
    public var modifiedSeconds: Int

    public init(
        path: String, _ content: Content, mode: Int, userID: Int = 0, groupID: Int = 0, modifiedSeconds: Int = 0
    ) {
        self.path = path
        self.content = content
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.modifiedSeconds = modifiedSeconds
    }

    public static func file(
        _ path: String, _ bytes: [UInt8], mode: Int, userID: Int = 0, groupID: Int = 0
    ) -> TarEntry {
        TarEntry(path: path, .file(TarContent(bytes)), mode: mode, userID: userID, groupID: groupID)
    }

    public static func folder(_ path: String, mode: Int, userID: Int = 0, groupID: Int = 0) -> TarEntry {
        TarEntry(path: path, .folder, mode: mode, userID: userID, groupID: groupID)
    }
}

/// Bytes of known length, in hand or read while they are sent.
public struct TarContent: Sendable {
    public let length: Int
    let pump: @Sendable (_ take: ([UInt8]) async throws -> Void) async throws -> Void

    public init(_ bytes: [UInt8]) {
        length = bytes.count
        pump = { take in try await take(bytes) }
    }

    /// - Parameter length: exactly; another number of bytes breaks the upload off.
    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks, length: Int) where Chunks.Element == [UInt8] {
        self.length = length
        pump = { take in for try await chunk in chunks { try await take(chunk) } }
    }
}
