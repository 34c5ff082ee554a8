import Glibc
import SystemPackage

/// Secrets as files in one directory: systemd's (`LoadCredential=`, `$CREDENTIALS_DIRECTORY`), or, where no systemd
/// starts the daemon, `$CONVERGED_CREDENTIALS_DIR`. They are never taken from the environment itself, which shows in
/// `/proc` and is inherited.
public struct Credentials: Sendable {
    public let directory: FilePath?
    private let isFromSystemd: Bool

    /// The most that a credential may hold; systemd's own limit.
    public static let maxBytes = 1024 * 1024

    public init(environment: [String: String]) {
        let own = environment["CONVERGED_CREDENTIALS_DIR"]
        let systemd = environment["CREDENTIALS_DIRECTORY"]
        directory = (systemd ?? own).map { FilePath($0) }
        isFromSystemd = systemd != nil
    }

    /// The bytes without one trailing newline, which editors add and no token has.
    public func read(_ name: String) throws(CredentialError) -> [UInt8] {
        guard let bytes = try readIfPresent(name) else {
            throw CredentialError(name, directory, .missing)
        }
        return bytes
    }

    /// Nil when there is no such file (or no directory at all): for credentials that are optional.
    public func readIfPresent(_ name: String) throws(CredentialError) -> [UInt8]? {
        guard let component = FilePath.Component(name), component.kind == .regular else {
            throw CredentialError(name, directory, .badName)
        }
        guard let path = directory?.appending(component) else { return nil }
        do {
            let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec])
            let outcome = Result { () throws(CredentialError) in try readBytes(of: file, name) }
            try file.close()
            return try outcome.get()
        } catch let error as CredentialError {
            throw error
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            throw CredentialError(name, directory, .unreadable("\(error)"))
        }
    }

    /// Where a credential's file is, for libraries that want to read it themselves. Nil without a directory.
    public func path(of name: String) -> String? {
        FilePath.Component(name).flatMap { directory?.appending($0).string }
    }

    /// The names that are there, sorted; for `doctor`.
    public func list() -> [String] {
        guard let directory, let stream = opendir(directory.string) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func readBytes(of file: FileDescriptor, _ name: String) throws(CredentialError) -> [UInt8] {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CredentialError(name, directory, .notAFile)
        }
        // systemd guards its directory itself; anywhere else a secret that everyone can read is no secret.
        guard isFromSystemd || status.st_mode & 0o007 == 0 else { throw CredentialError(name, directory, .exposed) }
        guard status.st_size <= Self.maxBytes else { throw CredentialError(name, directory, .tooLarge) }
        do {
            var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            bytes.removeLast(bytes.count - count)
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            guard !bytes.isEmpty else { throw CredentialError(name, directory, .empty) }
            return bytes
        } catch let error as CredentialError {
            throw error
        } catch {
            throw CredentialError(name, directory, .unreadable("\(error)"))
        }
    }
}
