import Foundation
import Support
import Testing

@testable import converged

@Suite struct SettingsTests {
    private func read(_ variables: [String: String]) throws -> Settings {
        try Settings.read(environment: variables)
    }

    private func faults(_ variables: [String: String]) -> [String] {
        do {
            _ = try read(variables)
            return []
        } catch let error as SettingsError {
            return error.lines
        } catch {
            return ["\(error)"]
        }
    }

    private func file(_ text: String) throws -> String {
        let path = try TemporaryFolder.make("converged-settings") + "/settings.json"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test func nothingSetGivesTheDefaults() throws {
        let settings = try read(["PATH": "/usr/bin", "HOME": "/root"])
        #expect(settings.fly.url == "https://api.machines.dev/v1")
        #expect(settings.database.maxConnections == 8)
        #expect(settings.worker.concurrency == 64)
        #expect(settings.database.url == nil)
    }

    @Test func everySettingTakesItsOwnDefaultFromTheEnvironment() throws {
        for setting in SettingTable.all {
            guard let text = setting.defaultText else { continue }
            #expect(throws: Never.self, "\(setting.key)") { try read([setting.environmentName: text]) }
        }
    }

    @Test func environmentNamesAreWhatTheReaderLooksFor() throws {
        let settings = try read([
            "CONVERGED_DATABASE_MAX_CONNECTIONS": "12", "CONVERGED_DATABASE_POOLER": "transaction",
            "CONVERGED_FLY_CALLS_PER_SECOND": "2.5", "CONVERGED_FLY_SWEEP_ORPHANS": "on",
            "CONVERGED_FLY_ORG": "acme-1", "CONVERGED_LOG_LEVEL": "debug", "CONVERGED_CREDENTIALS_DIR": "/run/secrets",
            "CONVERGED_FLY_URL": "http://127.0.0.1:8080/v1/",
        ])
        #expect(settings.database.maxConnections == 12)
        #expect(settings.database.pooler == .transaction)
        #expect(settings.fly.callsPerSecond == 2.5)
        #expect(settings.fly.sweepOrphans)
        #expect(settings.fly.org == "acme-1")
        #expect("\(settings.log.level)" == "debug")
        #expect(settings.credentials.directory == "/run/secrets")
        #expect(settings.fly.url == "http://127.0.0.1:8080/v1")
    }

    @Test(arguments: [
        ("CONVERGED_WORKER_CONCURRENCY", "many", "'many'; expected a whole number from 1 to 1000"),
        ("CONVERGED_WORKER_CONCURRENCY", "0", "'0'; expected a whole number"),
        ("CONVERGED_WORKER_CONCURRENCY", "", "is empty; expected a whole number"),
        ("CONVERGED_DATABASE_POOLER", "session", "expected one of none, transaction"),
        ("CONVERGED_FLY_SWEEP_ORPHANS", "maybe", "expected on or off"),
        ("CONVERGED_FLY_CALLS_PER_SECOND", "fast", "expected a number from 0.1"),
        ("CONVERGED_FLY_ORG", "Acme Inc", "expected an organisation's slug"),
        ("CONVERGED_FLY_URL", "ftp://fly", "expected https://"),
        ("CONVERGED_FLY_URL", "http://api.example.com/v1", "expected https://"),
        ("CONVERGED_LOG_LEVEL", "loud", "expected one of trace, debug"),
        ("CONVERGED_CREDENTIALS_DIR", "secrets", "expected an absolute path"),
    ])
    func aWrongValueIsOneLineThatNamesIt(name: String, value: String, expected: String) {
        let lines = faults([name: value])
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("\(name) is ") == true, "\(lines)")
        #expect(lines.first?.contains(expected) == true, "\(lines)")
    }

    @Test func plainTextIsAllowedToThisHostAndFlysPrivateNetworkOnly() throws {
        for url in ["http://localhost:1/v1", "http://[::1]:4280/v1", "http://_api.internal:4280/v1"] {
            #expect(try read(["CONVERGED_FLY_URL": url]).fly.url == url)
        }
        #expect(!faults(["CONVERGED_FLY_URL": "http://localhost@evil.example/v1"]).isEmpty)
    }

    @Test func aMalformedDatabaseURLIsNotRepeated() {
        let lines = faults(["CONVERGED_DATABASE_URL": "mysql://me:hunter2@host/db"])
        #expect(lines.count == 1)
        #expect(lines[0].hasPrefix("CONVERGED_DATABASE_URL is malformed; expected postgres://"))
        #expect(!lines[0].contains("hunter2"))
    }

    @Test func anUnknownVariableIsNamedWithTheNearestOne() {
        #expect(
            faults(["CONVERGED_FLY_URLL": "x"])
                == ["CONVERGED_FLY_URLL is not a setting; did you mean CONVERGED_FLY_URL?"])
        #expect(faults(["CONVERGED_QQ_ZZZZZZZZZZZ": "x"]) == ["CONVERGED_QQ_ZZZZZZZZZZZ is not a setting"])
    }

    @Test func allFaultsAreToldAtOnce() {
        let lines = faults(["CONVERGED_FLY_ORGG": "x", "CONVERGED_LOG_LEVEL": "loud", "CONVERGED_FLY_URL": "x"])
        #expect(lines.count == 3)
    }

    @Test func theFileIsReadAndTheEnvironmentWins() throws {
        let path = try file(
            #"{"fly": {"org": "acme", "survey_seconds": 30, "sweep_orphans": true}, "worker.concurrency": 9}"#)
        let settings = try read(["CONVERGED_SETTINGS_FILE": path, "CONVERGED_FLY_ORG": "other"])
        #expect(settings.fly.org == "other")
        #expect(settings.fly.surveySeconds == 30)
        #expect(settings.fly.sweepOrphans)
        #expect(settings.worker.concurrency == 9)
    }

    @Test func faultsOfTheFileNameKeyAndFile() throws {
        let path = try file(#"{"fly": {"orgg": "acme"}, "worker": {"concurrency": "many"}}"#)
        #expect(
            faults(["CONVERGED_SETTINGS_FILE": path]) == [
                "fly.orgg in \(path) is not a setting; did you mean fly.org?",
                "worker.concurrency in \(path) is 'many'; expected a whole number from 1 to 1000",
            ])
    }

    @Test func aFileThatIsNoneIsOneLine() throws {
        #expect(faults(["CONVERGED_SETTINGS_FILE": "/nowhere"]).first?.contains("/nowhere can't be read") == true)
        let text = try file("fly: acme")
        #expect(faults(["CONVERGED_SETTINGS_FILE": text]).first?.contains("is not a JSON object") == true)
        let list = try file(#"{"fly": {"org": ["acme"]}}"#)
        #expect(faults(["CONVERGED_SETTINGS_FILE": list]).first?.hasPrefix("fly.org in \(list) is a list") == true)
    }
}
