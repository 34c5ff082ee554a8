/// A finished back-up, a chunk at a time.
struct BackupReading: AsyncSequence, Sendable {
    let path: String
    /// At most so many bytes from its beginning.
    var mostBytes = Int64.max
    static let chunkBytes = 256 << 10

    struct AsyncIterator: AsyncIteratorProtocol {
        let path: String
        var left: Int64
        var file: OpenFile?

        mutating func next() async throws -> [UInt8]? {
            if file == nil { file = try await OpenFile.open(path) }
            guard left > 0 else { return nil }
            let chunk = try await file?.read(Int(Swift.min(Int64(BackupReading.chunkBytes), left)))
            left -= Int64(chunk?.count ?? 0)
            return chunk
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(path: path, left: mostBytes) }

    /// Reads all of it.
    func content(_ format: BackupFormat) async throws -> BackupContent {
        var pass = BackupPass(format)
        for try await chunk in self { try pass.take(chunk) }
        return try pass.end()
    }

    /// Reads no further than until the census knows; nil: it never did.
    func first<Census: BackupCensus, Value>(_ census: Census, _ known: (Census) -> Value?) async throws -> Value? {
        var census = census
        for try await chunk in self {
            try census.take(chunk)
            if let value = known(census) { return value }
        }
        return nil
    }
}
