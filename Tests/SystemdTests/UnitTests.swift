import Foundation
import Support
import Testing

/// The unit files by systemd's own judgement, without booting anything.
@Suite struct UnitTests {
    let units = Command.repository + "/units"

    @Test(arguments: [("converged.service", 1.1), ("converged-docker.service", 0.3)])
    func theUnitIsExposedLittle(unit: String, most: Double) async throws {
        let judged = try await Command.check([
            "systemd-analyze", "security", "--offline=true", "--no-pager", "\(units)/\(unit)",
        ])
        let line = try #require(judged.split(separator: "\n").last { $0.contains("Overall exposure level") })
        let level = try #require(line.firstMatch(of: /: ([0-9.]+)/).flatMap { Double($0.1) })
        #expect(level <= most)
    }

    /// With a program in the place of the installed one, there is nothing to complain about.
    @Test(arguments: [("converged.service", "run"), ("converged-docker.service", "docker-broker")])
    func theUnitIsWellFormed(unit: String, verb: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unit-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let socket = "converged-docker.socket"
        try FileManager.default.copyItem(atPath: "\(units)/\(socket)", toPath: "\(folder)/\(socket)")
        let text = try String(contentsOfFile: "\(units)/\(unit)", encoding: .utf8)
        #expect(text.contains("ExecStart=/usr/bin/converged \(verb)\n"))
        try text.replacing("/usr/bin/converged", with: "/usr/bin/true")
            .write(toFile: "\(folder)/\(unit)", atomically: true, encoding: .utf8)
        let verified = try await Command.run(["systemd-analyze", "verify", "\(folder)/\(unit)"])
        #expect(verified.status == 0)
        #expect(verified.errors == "")
    }

    /// Docker's group is root on the host: one process of ours has it.
    @Test func onlyTheBrokerMayUseDocker() throws {
        let main = try String(contentsOfFile: units + "/converged.service", encoding: .utf8)
        #expect(!main.contains("docker\n") && !main.contains("SupplementaryGroups="))
        let broker = try String(contentsOfFile: units + "/converged-docker.service", encoding: .utf8)
        #expect(broker.contains("\nSupplementaryGroups=docker\n") && broker.contains("\nPrivateNetwork=yes\n"))
        let socket = try String(contentsOfFile: units + "/converged-docker.socket", encoding: .utf8)
        #expect(socket.contains("\nSocketGroup=converged\nSocketMode=0660\n"))
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
