import Foundation
import Support
import Testing

/// The unit files by systemd's own judgement, without booting anything.
@Suite struct UnitTests {
    let units = Command.repository + "/units"

    @Test func theUnitIsExposedLittle() async throws {
        let judged = try await Command.check([
            "systemd-analyze", "security", "--offline=true", "--no-pager", units + "/converged.service",
        ])
        let line = try #require(judged.split(separator: "\n").last { $0.contains("Overall exposure level") })
        let level = try #require(line.firstMatch(of: /: ([0-9.]+)/).flatMap { Double($0.1) })
        #expect(level <= 1.1)
    }

    /// With a program in the place of the installed one, there is nothing to complain about.
    @Test func theUnitIsWellFormed() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = try String(contentsOfFile: units + "/converged.service", encoding: .utf8)
        #expect(text.contains("ExecStart=/usr/bin/converged run\n"))
        try text.replacing("/usr/bin/converged", with: "/usr/bin/true")
            .write(toFile: folder + "/converged.service", atomically: true, encoding: .utf8)
        let verified = try await Command.run(["systemd-analyze", "verify", folder + "/converged.service"])
        #expect(verified.status == 0)
        #expect(verified.errors == "")
    }

    @Test func usersAndDirectoriesAreMadeInAnEmptyRoot() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "root-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: root + "/etc", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await Command.check(["systemd-sysusers", "--root=\(root)", units + "/converged.sysusers"])
        let users = try String(contentsOfFile: root + "/etc/passwd", encoding: .utf8)
        #expect(users.contains("\nconverged:x:") || users.hasPrefix("converged:x:"))
        try await Command.check(["systemd-tmpfiles", "--create", "--root=\(root)", units + "/converged.tmpfiles"])
        #expect(try mode(root + "/etc/credstore") == 0o700)
        #expect(try mode(root + "/etc/converged") == 0o755)
    }

    func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
