import Foundation
import Support
import Systemd
import Testing

/// Code, journal catalog and runbooks name the same things, in both directions.
@Suite struct CatalogTests {
    static let entries: [(id: String, lines: [String])] = {
        let text = try? String(contentsOfFile: Command.repository + "/units/converged.catalog", encoding: .utf8)
        var entries: [(id: String, lines: [String])] = []
        for line in (text ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("-- ") {
                entries.append((String(line.dropFirst(3)), []))
            } else if !entries.isEmpty {
                entries[entries.count - 1].lines.append(String(line))
            }
        }
        return entries
    }()

    @Test func eachIdHasOneEntryAndNoEntryIsLeftOver() {
        #expect(Self.entries.map(\.id).sorted() == MessageID.allCases.map(\.rawValue).sorted())
    }

    @Test(arguments: MessageID.allCases) func anEntrySaysWhatToDo(id: MessageID) throws {
        let lines = try #require(Self.entries.first { $0.id == id.rawValue }).lines
        #expect(lines.contains { $0.hasPrefix("Subject: ") })
        #expect(lines.contains("Defined-By: converged"))
        #expect(lines.contains("Support: runbooks/\(id.name).md"))
        #expect(lines.contains { $0.hasPrefix("First command: ") })
        #expect(lines.contains("Runbook: runbooks/\(id.name).md"))
    }

    @Test(arguments: MessageID.allCases) func aRunbookPageHasItsParts(id: MessageID) throws {
        let page = try String(contentsOfFile: Command.repository + "/runbooks/\(id.name).md", encoding: .utf8)
        #expect(page.hasPrefix("# \(id.name)\n"))
        for part in ["Meaning", "First command", "Fix"] {
            let text = try #require(page.components(separatedBy: "\n## \(part)\n").dropFirst().first)
            #expect(text.prefix { $0 != "#" }.contains { $0.isLetter }, "\(part) is empty")
        }
    }

    @Test(arguments: MessageID.allCases) func anIdIsA128BitNumberAndANameLeadsBack(id: MessageID) {
        #expect(id.rawValue.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(id.name.wholeMatch(of: /[a-z]+(-[a-z]+)*/) != nil)
        #expect(MessageID(name: id.name) == id)
    }

    @Test func journaldTakesTheCatalog() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "catalog-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: root) }
        for folder in ["/usr/lib/systemd/catalog", "/var/lib/systemd/catalog"] {
            try FileManager.default.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(
            atPath: Command.repository + "/units/converged.catalog",
            toPath: root + "/usr/lib/systemd/catalog/converged.catalog")
        let compiled = try await Command.run(["journalctl", "--root=\(root)", "--update-catalog"])
        #expect(compiled.status == 0)
        #expect(compiled.errors == "")
        let listed = try await Command.check(["journalctl", "--root=\(root)", "--list-catalog"])
        let ids = listed.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(ids.sorted() == MessageID.allCases.map(\.rawValue).sorted())
    }
}
