import Vendors

/// `pg_restore` in a database's own container, which is of the version that the dump is of. It wants a file: that is brought
/// there, always under the same name, so that what a crash left behind is replaced, and goes, with the next.
struct ArchiveTool: Sendable {
    let docker: DockerClient
    let container: String
    let timeout: Duration

    static let path = "/tmp/converged.dump"
    /// More than a table of contents needs is not brought to where the database has its disk.
    static let mostContentsBytes: Int64 = 64 << 20
    private static let head = ";     TOC Entries: "

    /// Lets pg_restore read the table of contents of the dump at `path`.
    /// - Throws: `BackupFault` when it finds another number of entries than `content` tells, or cannot read it.
    func list(_ path: String, _ content: BackupContent) async throws {
        guard let length = try await BackupReading(path: path).first(DumpCensus(), \.contentsBytes) else {
            throw BackupFault("\(path) has no table of contents")
        }
        guard length <= Self.mostContentsBytes else {
            throw BackupFault("the table of contents of \(path) has \(length) bytes, too many to be listed")
        }
        try await put(TarContent(BackupReading(path: path, mostBytes: length), length: Int(length)))
        let listed: Result<[UInt8], any Error>
        do { listed = .success(try await run(["--list"], "the back-up is not to be trusted")) } catch {
            listed = .failure(error)
        }
        try await clear()
        let lines = String(decoding: try listed.get(), as: UTF8.self).split(separator: "\n")
        let entries = lines.first { $0.hasPrefix(Self.head) }.flatMap { Int64($0.dropFirst(Self.head.count)) }
        guard entries == content.entries else {
            let found = entries.map { "\($0)" } ?? "no"
            throw BackupFault("pg_restore lists \(found) entries of \(path), which has \(content.entries)")
        }
    }

    /// In one transaction: all of it, or nothing was changed. The file stays until `clear`.
    func load(_ path: String, _ content: BackupContent, into object: BackupObject) async throws {
        try await put(TarContent(BackupReading(path: path), length: Int(content.bytes)))
        let arguments = [
            "--clean", "--if-exists", "--single-transaction", "--no-password", "--username=\(object.username)",
            "--dbname=\(object.database)",
        ]
        _ = try await run(arguments, "nothing was changed")
    }

    /// As root, because who runs there may not remove what we brought.
    func clear() async throws {
        let result = try await docker.run(
            DockerExecSpec(["rm", "-f", Self.path], user: "0"), in: container, timeout: .seconds(60))
        guard result.exitCode == 0 else {
            throw BackupFault("cannot remove \(Self.path) in \(container): \(result.output.errorText.suffix(300))")
        }
    }

    private func put(_ content: TarContent) async throws {
        let name = String(Self.path.split(separator: "/")[1])
        // Read by whoever a command of this container runs as.
        let entry = TarEntry(path: name, .file(content), mode: 0o644)
        try await docker.putArchive([entry], into: container, at: "/tmp", timeout: timeout)
    }

    /// - Returns: the beginning of what it says.
    private func run(_ arguments: [String], _ consequence: String) async throws -> [UInt8] {
        var said: [UInt8] = []
        let argv = ["pg_restore"] + arguments + [Self.path]
        let result = try await docker.run(DockerExecSpec(argv), in: container, timeout: timeout) { chunk in
            said += chunk.prefix(4096 - said.count)
        }
        guard result.exitCode == 0 else {
            throw BackupFault(
                "pg_restore in \(container) ended with \(result.exitCode), \(consequence): "
                    + result.output.errorText.suffix(300))
        }
        return said
    }
}
