import Foundation

/// The repository as files: what the house rules are checked against.
struct House {
    struct File {
        /// Path inside the repository, `Sources/Queue/Claim.swift`.
        var path: String
        var text: String
        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        /// The room: second component of the path.
        var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func swiftFiles(under folder: String) throws -> [File] {
        try files(under: folder).filter { $0.hasSuffix(".swift") }.map { path in
            File(path: path, text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
        }
    }

    /// Relative paths of all regular files below a folder of the repository, sorted.
    static func files(under folder: String) throws -> [String] {
        let base = root.appending(path: folder).path
        guard let walk = FileManager.default.enumerator(atPath: base) else { return [] }
        return walk.compactMap { $0 as? String }.filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: base + "/" + path, isDirectory: &isFolder)
                && !isFolder.boolValue
        }.map { folder + "/" + $0 }.sorted()
    }
}

extension House.File {
    /// Length in lines of each function, with its first line. The formatter guarantees that a declaration's closing
    /// brace stands at its own indentation, so no parser is needed.
    var functions: [(line: Int, length: Int)] {
        let lines = self.lines
        return lines.indices.compactMap { start in
            let indent = lines[start].prefix { $0 == " " }
            let words = lines[start].split(separator: " ")
            let isFunction = words.contains("func") || words.contains { $0.hasPrefix("init(") }
            guard isFunction, !lines[start].contains("//"), words.first != "case" else { return nil }
            guard let end = lines[start...].dropFirst().firstIndex(where: { $0 == indent + "}" }),
                !lines[start].hasSuffix("}")
            else { return nil }
            // A requirement without body ends before any deeper line.
            let body = lines[(start + 1)..<end]
            guard body.allSatisfy({ $0.isEmpty || $0.hasPrefix(indent) }) else { return nil }
            return (start + 1, end - start + 1)
        }
    }

    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let index = words.firstIndex(of: "import"), words.count > index + 1,
                words[..<index].allSatisfy({ $0.hasPrefix("@") || ["public", "internal", "private"].contains($0) })
            else { return nil }
            return String(words[words.count - 1].split(separator: ".")[0])
        }
    }
}
