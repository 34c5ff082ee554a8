import Foundation
import Support
import Testing

@testable import converged

@Suite struct SecretsTests {
    /// A directory with these files, readable by their owner only.
    private func session(_ files: [String: String], _ variables: [String: String] = [:]) throws -> Session {
        let folder = try TemporaryFolder.make("converged-credentials")
        for (name, text) in files {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
        }
        return try Session(environment: variables.merging(["CONVERGED_CREDENTIALS_DIR": folder]) { $1 })
    }

    @Test func thePasswordIsAddedToTheURL() throws {
        let uri = try session(["database-password": "p w&1\n"], ["CONVERGED_DATABASE_URL": "postgres://me@host/db"])
        #expect(try uri.secrets.readDatabaseURL(uri.settings) == "postgres://me@host/db?password=p%20w%261")
        let more = try session(
            ["database-password": "x"], ["CONVERGED_DATABASE_URL": "postgres://me@host/db?sslmode=require"])
        #expect(try more.secrets.readDatabaseURL(more.settings) == "postgres://me@host/db?sslmode=require&password=x")
        let pairs = try session(["database-password": #"it's \"#], ["CONVERGED_DATABASE_URL": "host=h user=me"])
        #expect(try pairs.secrets.readDatabaseURL(pairs.settings) == #"host=h user=me password='it\'s \\'"#)
    }

    @Test func theCredentialURLReplacesTheSetting() throws {
        let both = try session(
            ["database-url": "postgres://secret@host/db\n"], ["CONVERGED_DATABASE_URL": "host=other"])
        #expect(try both.secrets.readDatabaseURL(both.settings) == "postgres://secret@host/db")
    }

    @Test func aMissingURLIsOneClearLine() throws {
        let none = try session([:])
        #expect(throws: SettingsError.self) { try none.secrets.readDatabaseURL(none.settings) }
    }

    @Test func aWrongKeyRingIsOneClearLineWithoutTheKey() throws {
        let bad = try session(["keyring": "k1 c2hvcnQ="])
        let error = #expect(throws: SettingsError.self) { try bad.secrets.readKeyRing() }
        #expect(error?.description == "credential 'keyring': key ring, line 1: the key is not the base64 of 32 bytes")
        let good = try session(["keyring": "k1 \(Data(repeating: 7, count: 32).base64EncodedString())\n"])
        #expect(throws: Never.self) { try good.secrets.readKeyRing() }
    }

    @Test func loginsOfRegistriesAreReadAndNeverShown() throws {
        let bad = try session(["docker-registries": #"{"auths": {"ghcr.io": {"auth": "hush"}}}"#])
        let error = #expect(throws: SettingsError.self) { try bad.secrets.readRegistries() }
        #expect(
            error?.description
                == "credential 'docker-registries': the auth of ghcr.io is not the base64 of user:password (a credential store has it?)"
        )
        let auth = Data("me:hush".utf8).base64EncodedString()
        let good = try session(["docker-registries": #"{"auths": {"ghcr.io": {"auth": "\#(auth)"}}}"# + "\n"])
        #expect("\(try good.secrets.readRegistries())" == "ghcr.io")
        #expect("\(try session([:]).secrets.readRegistries())" == "none")
    }

    @Test func aTokenOfSeveralLinesIsRefusedWithoutShowingIt() throws {
        let bad = try session(["fly-token": "fm2_abc\nfm2_def"])
        let error = #expect(throws: SettingsError.self) { try bad.secrets.readFlyToken() }
        #expect(error?.description == "credential 'fly-token' is not one line of text")
        let good = try session(["fly-token": " fm2_abc \n"])
        #expect(try good.secrets.readFlyToken() == "fm2_abc")
    }
}
