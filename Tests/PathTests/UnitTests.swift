import Foundation
import Postgres
import Simulators
import Support
import Testing

/// The whole daemon as an operator installs it: units/, a real systemd, its hardening, journald and credentials.
@Suite struct UnitTests {
    private static let unit = "converged.service"

    @Test func theUnitRunsTheDaemon() async throws {
        guard let tree = try await SystemdTree.prepareOrSay() else { return }
        try await Platform.run { platform in
            let machine = try await tree.boot(installation(platform))
            do {
                try await comesUpAndConverges(machine, platform)
                try await isReloaded(machine)
                try await isRestartedWhenKilled(machine, platform)
                try await stopsCleanly(machine, platform)
            } catch {
                let log = try? await machine.run(["journalctl", "-u", Self.unit, "--no-pager", "-n", "60"])
                print(log?.output ?? "no journal")
                try? await machine.shutdown()
                throw error
            }
            try await machine.shutdown()
        }
    }

    private func installation(_ platform: Platform) -> Installation {
        var variables = platform.environment()
        variables["CONVERGED_CREDENTIALS_DIR"] = nil
        variables["CONVERGED_DATABASE_URL"] =
            "postgresql:///\(platform.database.name)?host=/run/postgres&user=converged_daemon"
        let settings = variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
        var installation = Installation.daemon(
            program: Command.built("converged"), settings: settings + "\n",
            credentials: ["fly-token": platform.fly.token + "\n", "keyring": platform.home.keyring + "\n"])
        installation.binds[platform.database.cluster.folder] = "/run/postgres"
        installation.enabled = [Self.unit]
        return installation
    }

    private func comesUpAndConverges(_ machine: BootedMachine, _ platform: Platform) async throws {
        try await machine.wait(for: "ActiveState", of: Self.unit) { $0 == "active" }
        let assistant = try await platform.signUp()[0]
        try await platform.awaitSettled(assistant)
        try await machine.wait(for: "StatusText", of: Self.unit) { $0.contains("1 machine: 1 running") }
        #expect(try await machine.property("User", of: Self.unit) == "converged")

        let journal = try await machine.journal(unit: Self.unit)
        let line = try #require(journal.first { $0["CONVERGED_KEY"]?.contains(assistant.key) == true }, "\(journal)")
        #expect(line["_TRANSPORT"] == "journal")
        #expect(line["CONVERGED_KIND"] == "machine")
        #expect(!journal.contains { $0.values.contains { $0.contains(platform.fly.token) } })
        platform.expectClean([assistant])
    }

    private func isReloaded(_ machine: BootedMachine) async throws {
        let before = try await machine.property("MainPID", of: Self.unit)
        let reload = try await machine.run(["systemctl", "reload", Self.unit])
        #expect(reload.status == 0, "\(reload.errors)")
        try await machine.wait(for: "ActiveState", of: Self.unit) { $0 == "active" }
        #expect(try await machine.property("MainPID", of: Self.unit) == before)
    }

    private func isRestartedWhenKilled(_ machine: BootedMachine, _ platform: Platform) async throws {
        let before = try await machine.property("MainPID", of: Self.unit)
        try await machine.check(["systemctl", "kill", "--signal=KILL", Self.unit])
        try await machine.wait(for: "NRestarts", of: Self.unit) { $0 == "1" }
        try await machine.wait(for: "ActiveState", of: Self.unit) { $0 == "active" }
        #expect(try await machine.property("MainPID", of: Self.unit) != before)
        try await platform.awaitSettled(try await platform.signUp())
    }

    private func stopsCleanly(_ machine: BootedMachine, _ platform: Platform) async throws {
        try await machine.check(["systemctl", "stop", Self.unit])
        #expect(try await machine.property("Result", of: Self.unit) == "success")
        #expect(try await machine.property("ExecMainStatus", of: Self.unit) == "0")
        #expect(try await machine.property("NRestarts", of: Self.unit) == "1")
    }
}
