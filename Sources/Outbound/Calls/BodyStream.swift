/// A request body that is produced while it is sent. It is asked for more only when the peer has taken what there was.
public struct BodyStream: Sendable {
    /// Known size in bytes, sent as `Content-Length`; otherwise the body is chunked.
    public let length: Int?
    let pump: @Sendable (_ feed: @Sendable ([UInt8]) async throws -> Void) async throws -> Void

    public init<Chunks: AsyncSequence & Sendable>(_ chunks: Chunks, length: Int? = nil)
    where Chunks.Element == [UInt8] {
        self.length = length
        self.pump = { feed in
            for try await chunk in chunks { try await feed(chunk) }
        }
    }

    /// For a body that is written rather than read: `write` hands each part on, and is held back by the peer.
    public init(
        length: Int? = nil,
        _ write: @escaping @Sendable (_ feed: @Sendable ([UInt8]) async throws -> Void) async throws -> Void
    ) {
        self.length = length
        self.pump = write
    }
}
