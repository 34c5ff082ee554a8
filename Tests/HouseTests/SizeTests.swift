import Foundation
import Testing

/// A file fits a mind.
@Suite struct SizeTests {
    @Test(arguments: ["Sources", "Tests"]) func filesAndFunctionsAreShort(folder: String) throws {
        let files = try House.swiftFiles(under: folder)
        for file in files {
            #expect(file.lines.count <= 401, "\(file.path) has \(file.lines.count) lines, 400 are allowed")
            for function in file.functions where function.length >= 70 {
                Issue.record(
                    "\(file.path):\(function.line) is a function of \(function.length) lines, under 70 is allowed")
            }
        }
        let lengths = files.map(\.lines.count).sorted()
        let median = lengths[lengths.count / 2]
        #expect(
            median < 100 || folder == "Tests", "the median file of \(folder) has \(median) lines, under 100 is wanted")
        #expect(median < 150, "the median file of \(folder) has \(median) lines")
    }

    @Test func sqlFilesAreShort() throws {
        for path in try House.files(under: "sql") {
            let count = try String(contentsOf: House.root.appending(path: path), encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(count <= 401, "\(path) has \(count) lines")
        }
    }
}
