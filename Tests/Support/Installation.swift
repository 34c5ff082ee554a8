import Foundation

/// What is put into a tree before it boots, as a package would install it.
public struct Installation: Sendable {
    public enum Content: Sendable {
        case text(String)
        /// A file of this machine.
        case copy(String)
    }

    /// Path in the tree → program of this machine; the shared libraries that the tree lacks come along.
    public var programs: [String: String]
    /// Path in the tree → content and mode; owned by root.
    public var files: [String: (content: Content, mode: Int)]
    /// Path of this machine → path in the tree, shared while it runs (a directory with a database's socket).
    public var binds: [String: String] = [:]
    /// Units started at boot.
    public var enabled: [String] = []

    public init(programs: [String: String] = [:], files: [String: (content: Content, mode: Int)] = [:]) {
        self.programs = programs
        self.files = files
    }

    /// The daemon with all of `units/`.
    /// - Parameter credentials: name → value, as an operator writes them for the unit.
    public static func daemon(
        program: String, settings: String = "", credentials: [String: String] = [:]
    ) -> Installation {
        let units = Command.repository + "/units/converged"
        var installation = Installation(
            programs: ["/usr/bin/converged": program],
            files: [
                "/usr/lib/systemd/system/converged.service": (.copy(units + ".service"), 0o644),
                "/usr/lib/systemd/system/converged-docker.service": (.copy(units + "-docker.service"), 0o644),
                "/usr/lib/systemd/system/converged-docker.socket": (.copy(units + "-docker.socket"), 0o644),
                "/usr/lib/sysusers.d/converged.conf": (.copy(units + ".sysusers"), 0o644),
                "/usr/lib/tmpfiles.d/converged.conf": (.copy(units + ".tmpfiles"), 0o644),
                "/usr/lib/systemd/catalog/converged.catalog": (.copy(units + ".catalog"), 0o644),
                "/etc/converged/converged.env": (.text(settings), 0o644),
            ])
        for (name, value) in credentials {
            installation.files["/etc/credstore/converged.\(name)"] = (.text(value), 0o600)
        }
        return installation
    }

    /// Puts everything under `root`, which will lie above `tree`.
    func write(to root: String, above tree: String) async throws {
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        for (path, file) in files { try write(file.content, mode: file.mode, to: root + path) }
        for (path, program) in programs {
            try write(.copy(program), mode: 0o755, to: root + path)
            for library in try await libraries(of: program) where !isIn(tree, library) {
                let name = URL(fileURLWithPath: library).lastPathComponent
                try write(.copy(library), mode: 0o644, to: root + "/usr/local/lib/" + name)
            }
        }
    }

    private func write(_ content: Content, mode: Int, to path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: path)
        switch content {
        case .text(let text): try text.write(toFile: path, atomically: false, encoding: .utf8)
        case .copy(let source):
            let original = URL(fileURLWithPath: source).resolvingSymlinksInPath().path
            try FileManager.default.copyItem(atPath: original, toPath: path)
        }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// Lines of ldd are `name => path (address)`.
    private func libraries(of program: String) async throws -> [String] {
        try await Command.check(["ldd", program]).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let arrow = words.firstIndex(of: "=>"), words.count > arrow + 1 else { return nil }
            return words[arrow + 1].hasPrefix("/") ? words[arrow + 1] : nil
        }
    }

    /// Debian keeps each library in one of its own directories, whatever path the loader went by.
    private func isIn(_ tree: String, _ library: String) -> Bool {
        let name = URL(fileURLWithPath: library).lastPathComponent
        let folder = URL(fileURLWithPath: library).deletingLastPathComponent().lastPathComponent
        return ["/usr/lib/\(folder)/\(name)", "/usr/lib/\(name)"].contains {
            FileManager.default.fileExists(atPath: tree + $0)
        }
    }
}
