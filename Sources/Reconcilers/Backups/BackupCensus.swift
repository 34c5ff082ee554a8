/// What a back-up is made of.
enum BackupFormat: String, Sendable {
    /// POSIX tar, of a data directory.
    case tar
    /// `pg_dump -Fc`.
    case dump = "pg_dump"

    var census: any BackupCensus {
        switch self {
        case .tar: TarCensus()
        case .dump: DumpCensus()
        }
    }

    var fileEnding: String {
        switch self {
        case .tar: "tar"
        case .dump: "dump"
        }
    }
}

/// Looks at a back-up as it passes, and says at its end whether it was a whole.
protocol BackupCensus: Sendable {
    mutating func take(_ chunk: [UInt8]) throws
    func entries() throws -> Int64
}

/// What was read is no back-up, or not all of one.
struct BackupFault: Error, Equatable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
