import Foundation
import Postgres
import Simulators
import Support
import Testing

/// The daemon refuses to start on what it cannot work with, in one clear line that says what to do.
@Suite struct StartTests {
    /// - Parameter words: what the line must name.
    private func expectRefusal(
        _ platform: Platform, _ settings: [String: String?] = [:], naming words: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let said = try await platform.converged(["run"], role: "converged_daemon", settings)
        #expect(said.status == 78, "\(said.errors)", sourceLocation: sourceLocation)
        let lines = said.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(said.errors)", sourceLocation: sourceLocation)
        for word in words { #expect(said.errors.contains(word), "\(said.errors)", sourceLocation: sourceLocation) }
        #expect(!said.errors.contains(platform.fly.token), sourceLocation: sourceLocation)
        #expect(try await platform.leftWorkers() == 0, sourceLocation: sourceLocation)
    }

    @Test func wrongSettingsAreNamed() async throws {
        try await Platform.run { platform in
            try await expectRefusal(
                platform, ["CONVERGED_WORKER_CONCURRENCY": "many"], naming: "CONVERGED_WORKER_CONCURRENCY", "many",
                "1000")
            try await expectRefusal(
                platform, ["CONVERGED_WORKER_CONCURENCY": "4"], naming: "CONVERGED_WORKER_CONCURENCY",
                "CONVERGED_WORKER_CONCURRENCY")
            try await expectRefusal(platform, ["CONVERGED_FLY_ORG": nil], naming: "CONVERGED_FLY_ORG")
            try await expectRefusal(platform, ["CONVERGED_DATABASE_URL": nil], naming: "CONVERGED_DATABASE_URL")
            try await expectRefusal(
                platform, ["CONVERGED_FLY_URL": "http://api.example.com/v1"], naming: "CONVERGED_FLY_URL", "https")
        }
    }

    @Test func missingAndWrongSecretsAreNamedAndNotShown() async throws {
        try await Platform.run { platform in
            try platform.home.writeCredential("keyring", "k1 dG9vIHNob3J0")
            try await expectRefusal(platform, naming: "keyring")
            try platform.home.writeCredential("keyring", "only-one-word")
            try await expectRefusal(platform, naming: "keyring")
            try FileManager.default.removeItem(atPath: platform.home.credentials + "/keyring")
            try await expectRefusal(platform, naming: "keyring", platform.home.credentials)
            try platform.home.writeCredential("keyring", platform.home.keyring)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o644], ofItemAtPath: platform.home.credentials + "/fly-token")
            try await expectRefusal(platform, naming: "fly-token", "chmod")
            try FileManager.default.removeItem(atPath: platform.home.credentials + "/fly-token")
            try await expectRefusal(platform, naming: "fly-token")
        }
    }

    @Test func anotherSchemaIsRefused() async throws {
        try await Platform.run { platform in
            try await platform.admin.query(
                "insert into converged.migrations (version, name, checksum) values (9999, 'later', 'x')")
            try await expectRefusal(platform, naming: "newer", "later")
            try await platform.admin.query("delete from converged.migrations where version = 9999")
            try await platform.admin.query(
                "delete from converged.migrations where version = (select max(version) from converged.migrations)")
            try await expectRefusal(platform, naming: "converged migrate")
        }
        var options = Platform.Options()
        options.isMigrated = false
        try await Platform.run(options) { platform in
            try await expectRefusal(platform, naming: "converged migrate")
        }
    }

    /// What was checked is what is needed: a good platform passes, and nothing is started.
    @Test func theCheckPassesWhereTheDaemonWouldStart() async throws {
        try await Platform.run { platform in
            let good = try await platform.converged(["run", "--check"], role: "converged_daemon")
            #expect(good.status == 0, "\(good.errors)")
            #expect(try await platform.leftWorkers() == 0)
            let bad = try await platform.converged(["run", "--check"], ["CONVERGED_LOG_LEVEL": "loud"])
            #expect(bad.status == 78)
            #expect(bad.errors.contains("loud"))
        }
    }
}

extension Platform {
    fileprivate func leftWorkers() async throws -> Int {
        let exists: Bool = try await admin.query("select to_regclass('converged.workers') is not null").scalar()
        return exists ? try await count("select count(*) from converged.workers") : 0
    }
}
