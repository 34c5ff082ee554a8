/// A finished back-up, a chunk at a time.
struct BackupReading: AsyncSequence, Sendable {
    let path: String
    static let chunkBytes = 256 << 10

    struct AsyncIterator: AsyncIteratorProtocol {
        let path: String
        var file: OpenFile?

        mutating func next() async throws -> [UInt8]? {
            if file == nil { file = try await OpenFile.open(path) }
            return try await file?.read(BackupReading.chunkBytes)
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(path: path) }

    /// Reads all of it.
    func content(_ format: BackupFormat) async throws -> BackupContent {
        var pass = BackupPass(format)
        for try await chunk in self { try pass.take(chunk) }
        return try pass.end()
    }
}
