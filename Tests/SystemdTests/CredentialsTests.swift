import Foundation
import Support
import SystemPackage
import Systemd
import Testing

@Suite struct CredentialsTests {
    let folder: String

    init() throws { folder = try TemporaryFolder.make("credentials") }

    func write(_ name: String, _ text: String, mode: Int = 0o600) throws {
        let made = FileManager.default.createFile(
            atPath: folder + "/" + name, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        try #require(made)
    }

    var own: Credentials { Credentials(environment: ["CONVERGED_CREDENTIALS_DIR": folder]) }
    var systemd: Credentials { Credentials(environment: ["CREDENTIALS_DIRECTORY": folder]) }

    func problem(_ credentials: Credentials, _ name: String) -> CredentialError.Problem? {
        do throws(CredentialError) {
            _ = try credentials.read(name)
            return nil
        } catch { return error.problem }
    }

    @Test func oneNewlineAtTheEndIsNoPartOfASecret() throws {
        try write("a", "secret\n")
        try write("b", "secret\n\n")
        try write("c", "secret")
        #expect(try own.read("a") == Array("secret".utf8))
        #expect(try own.read("b") == Array("secret\n".utf8))
        #expect(try systemd.read("c") == Array("secret".utf8))
    }

    @Test func systemdsDirectoryComesFirst() throws {
        let both = Credentials(environment: [
            "CREDENTIALS_DIRECTORY": folder, "CONVERGED_CREDENTIALS_DIR": "/elsewhere",
        ])
        #expect(both.directory?.string == folder)
    }

    @Test func anOptionalOneMayBeMissing() throws {
        #expect(try own.readIfPresent("database-url") == nil)
        #expect(try Credentials(environment: [:]).readIfPresent("database-url") == nil)
    }

    @Test func aMissingOneSaysWhereItBelongs() throws {
        #expect(problem(own, "fly-token") == .missing)
        do throws(CredentialError) {
            _ = try own.read("fly-token")
        } catch {
            #expect(error.description.contains("\(folder)/fly-token"))
            #expect(error.description.contains("/etc/credstore/converged.fly-token"))
        }
        do throws(CredentialError) {
            _ = try Credentials(environment: [:]).read("fly-token")
        } catch {
            #expect(error.description.contains("CONVERGED_CREDENTIALS_DIR"))
        }
    }

    @Test func aFileThatEveryoneCanReadIsRefusedOutsideSystemd() throws {
        try write("a", "secret", mode: 0o644)
        #expect(problem(own, "a") == .exposed)
        #expect(problem(systemd, "a") == nil)
    }

    @Test func whatIsNoSecretIsRefused() throws {
        try write("empty", "\n")
        try write("large", String(repeating: "x", count: Credentials.maxBytes + 1))
        try FileManager.default.createDirectory(atPath: folder + "/folder", withIntermediateDirectories: false)
        #expect(problem(own, "empty") == .empty)
        #expect(problem(own, "large") == .tooLarge)
        #expect(problem(own, "folder") == .notAFile)
        for name in ["../a", "/etc/passwd", "..", ".", ""] { #expect(problem(own, name) == .badName) }
    }

    @Test func noMessageShowsTheSecret() throws {
        try write("a", "hunter2", mode: 0o644)
        do throws(CredentialError) {
            _ = try own.read("a")
            Issue.record("readable by everyone, and not refused")
        } catch { #expect(!error.description.contains("hunter2")) }
    }

    @Test func namesAreListed() throws {
        try write("b", "x")
        try write("a", "x")
        #expect(own.list() == ["a", "b"])
        #expect(Credentials(environment: [:]).list() == [])
    }
}
