import Foundation

/// A program run to its end, with what it said.
public struct Command: Sendable {
    public struct Failure: Error, CustomStringConvertible { public let description: String }

    public let status: Int32
    public let output: String
    public let errors: String

    /// `argv[0]` is looked up in `PATH`. Output goes through files, so no reader can fall behind.
    /// - Parameter environment: added to the test's own.
    public static func run(_ argv: [String], environment: [String: String] = [:]) async throws -> Command {
        let folder = FileManager.default.temporaryDirectory.appending(path: "command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = try await ChildProcess.start(
            ["/usr/bin/env"] + argv, environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
            directory: FileManager.default.currentDirectoryPath, name: "command", outputFolder: folder.path)
        let status = await process.wait()
        return Command(
            status: status,
            output: try String(contentsOf: folder.appending(path: "command.out"), encoding: .utf8),
            errors: try String(contentsOf: folder.appending(path: "command.err"), encoding: .utf8))
    }

    /// The output of a program that must succeed.
    @discardableResult
    public static func check(_ argv: [String], environment: [String: String] = [:]) async throws -> String {
        let ended = try await run(argv, environment: environment)
        guard ended.status == 0 else {
            throw Failure(
                description: "\(argv.joined(separator: " ")) ended with \(ended.status):\n"
                    + ended.output.suffix(4000) + ended.errors.suffix(4000))
        }
        return ended.output
    }

    /// A program of this package, built beside the tests.
    public static func built(_ name: String) -> String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: name).path
    }

    /// The root of the repository.
    public static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
}
