import Foundation
import Testing

/// One word per thing, and none that hides what a thing is.
@Suite struct WordTests {
    static let hiding = ["Manager", "Helper", "Util", "Misc", "Impl"]

    @Test func fileNamesAreNouns() throws {
        for folder in ["Sources", "Tests"] {
            for path in try House.files(under: folder) where path.hasSuffix(".swift") {
                let name = path.split(separator: "/").last.map(String.init) ?? path
                for word in Self.hiding { #expect(!name.contains(word), "\(path): \(word) says nothing") }
            }
        }
    }

    @Test func typeNamesSayWhatTheyAre() throws {
        let declarations = ["struct ", "class ", "enum ", "actor ", "protocol "]
        for file in try House.swiftFiles(under: "Sources") {
            for line in file.lines where declarations.contains(where: { line.contains($0) }) && !line.contains("//") {
                for word in Self.hiding { #expect(!line.contains(word), "\(file.path): \(line)") }
            }
        }
    }

    /// Work left for later belongs to an issue, not to a comment.
    @Test func nothingIsLeftForLater() throws {
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
        for folder in ["Sources", "Tests"] {
            for file in try House.swiftFiles(under: folder) {
                for (number, line) in file.lines.enumerated() {
                    let words = line.split { !$0.isLetter }
                    for mark in marks where words.contains(Substring(mark)) {
                        Issue.record("\(file.path):\(number + 1) has \(mark)")
                    }
                }
            }
        }
    }

    @Test func theTopLevelIsTheGivenOne() throws {
        let wanted: Set<String> = [
            "Package.swift", "Sources", "Tests", "units", "sql", "runbooks", "README.md", "Makefile", ".ci",
            ".swift-format",
            ".gitignore",
        ]
        let local: Set<String> = [".git", "Package.resolved", ".swiftpm"]
        let found = try FileManager.default.contentsOfDirectory(atPath: House.root.path)
            .filter { !local.contains($0) && !$0.hasPrefix(".build") }
        #expect(Set(found) == wanted, "top level: \(Set(found).symmetricDifference(wanted).sorted())")
    }
}
