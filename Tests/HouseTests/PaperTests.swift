import Foundation
import Testing

/// What is written for people matches what the code says.
@Suite struct PaperTests {
    private func read(_ path: String) throws -> String {
        try String(contentsOf: House.root.appending(path: path), encoding: .utf8)
    }

    /// Pages named like reasons start with a capital; those of alerts (message ids) are checked beside the catalog.
    @Test func everyReasonHasItsPageAndEveryPageItsReason() throws {
        let source = try read("Sources/Reconcilers/Reasons.swift")
        let reasons = Set(source.matches(of: /case \w+ = "(\w+)"/).map { String($0.1) })
        let pages = Set(
            try House.files(under: "runbooks").compactMap { path -> String? in
                let name = path.split(separator: "/").last.map(String.init) ?? ""
                return name.first?.isUppercase == true ? String(name.dropLast(".md".count)) : nil
            })
        #expect(reasons.count > 20)
        #expect(pages == reasons, "no page or no reason: \(pages.symmetricDifference(reasons).sorted())")
    }

    @Test func everyPageSaysMeaningFirstCommandAndFix() throws {
        for path in try House.files(under: "runbooks") {
            let name = path.split(separator: "/").last.map { $0.dropLast(".md".count) } ?? ""
            let text = try read(path)
            let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }
            #expect(headings == ["# \(name)", "## Meaning", "## First command", "## Fix"], "\(path): \(headings)")
        }
    }

    @Test func theReadmeListsEverySetting() throws {
        let table = try read("Sources/converged/Settings/SettingTable.swift")
        let keys = table.matches(of: /\.\w+\(\s*"([a-z]+\.[a-z_]+)"/).map { String($0.1) }
        let readme = try read("README.md")
        #expect(keys.count > 10)
        for key in keys {
            let name = "CONVERGED_" + key.replacing(".", with: "_").uppercased()
            #expect(readme.contains("| `\(name)` |"), "README.md lacks \(name)")
        }
    }

    @Test func theReadmePointsAtFilesThatExist() throws {
        for match in try read("README.md").matches(of: /\]\(([^)#]+)\)/) {
            let path = House.root.appending(path: String(match.1)).path
            #expect(FileManager.default.fileExists(atPath: path), "README.md points at \(match.1)")
        }
    }

    /// The units that the README installs are all that there are.
    @Test func theReadmeInstallsEveryUnit() throws {
        let readme = try read("README.md")
        for path in try House.files(under: "units") {
            #expect(readme.contains(path), "README.md does not install \(path)")
        }
    }
}
