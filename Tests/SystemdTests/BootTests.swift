import Foundation
import Support
import Systemd
import Testing

/// The room under a real systemd and journald, inside the daemon's own unit with all its hardening; only the program
/// is the probe, and the watchdog is shorter.
@Suite struct BootTests {
    static let unit = "converged.service"
    static let stall = "/var/lib/converged/stall"

    var installation: Installation {
        var installation = Installation.daemon(
            program: Command.built("notify-probe"), credentials: ["fly-token": "secret\n"])
        let change = """
            [Service]
            ExecStart=
            ExecStart=/usr/bin/converged serve \(Self.stall)
            WatchdogSec=1s
            RestartSec=100ms
            """
        installation.files["/etc/systemd/system/converged.service.d/probe.conf"] = (.text(change), 0o644)
        installation.enabled = [Self.unit]
        return installation
    }

    @Test func aServiceIsStartedLoggedWatchedAndRestarted() async throws {
        guard let tree = try await SystemdTree.prepareOrSay() else { return }
        let machine = try await tree.boot(installation)
        try await startsAndReports(on: machine)
        try await logsNativeFields(on: machine)
        try await isExplainedByTheCatalog(on: machine)
        try await isKilledAndRestartedWhenStuck(on: machine)
        try await machine.shutdown()
    }

    func startsAndReports(on machine: BootedMachine) async throws {
        try await machine.wait(for: "ActiveState", of: Self.unit) { $0 == "active" }
        try await machine.wait(for: "StatusText", of: Self.unit) { $0 == "serving" }
        #expect(try await machine.check(["id", "--name", "--user", "converged"]) == "converged\n")
        let verified = try await machine.run(["systemd-analyze", "verify", Self.unit])
        #expect(verified.status == 0)
        #expect(verified.errors == "")
    }

    func logsNativeFields(on machine: BootedMachine) async throws {
        let journal = try await machine.journal(unit: Self.unit)
        let started = try #require(journal.first { $0["MESSAGE_ID"] == MessageID.started.rawValue })
        #expect(started["MESSAGE"] == "probe/1: two\nlines")
        #expect(started["PRIORITY"] == "5")
        #expect(started["SYSLOG_IDENTIFIER"] == "notify-probe")
        #expect(started["_TRANSPORT"] == "journal")
        #expect(started["_SYSTEMD_UNIT"] == Self.unit)
        #expect(started["CONVERGED_KIND"] == "probe")
        #expect(started["CONVERGED_KEY"] == "probe/1")
        #expect(started["CONVERGED_GENERATION"] == "7")
        #expect(started["CONVERGED_REASON"] == "Testing")
        // One was written for the unit, the other two it only may have.
        #expect(journal.contains { $0["CONVERGED_NAMES"] == "fly-token" })
        let large = journal.first { $0["MESSAGE"] == "large" }
        #expect(large?["CONVERGED_PAYLOAD"]?.count == 250_000)
    }

    func isExplainedByTheCatalog(on machine: BootedMachine) async throws {
        let explained = try await machine.check([
            "journalctl", "--catalog", "--no-pager", "MESSAGE_ID=\(MessageID.started.rawValue)",
        ])
        #expect(explained.contains("Subject: The daemon is up"))
        #expect(explained.contains("Support: runbooks/started.md"))
    }

    func isKilledAndRestartedWhenStuck(on machine: BootedMachine) async throws {
        #expect(try await machine.property("NRestarts", of: Self.unit) == "0")
        try await machine.check(["touch", Self.stall])
        try await machine.wait(for: "NRestarts", of: Self.unit) { $0 != "0" }
        try await machine.check(["rm", Self.stall])
        try await machine.wait(for: "StatusText", of: Self.unit) { $0 == "serving" || $0.contains("again") }
        let journal = try await machine.journal(unit: Self.unit)
        let stalled = try #require(journal.first { $0["MESSAGE_ID"] == MessageID.watchdogStalled.rawValue })
        #expect(stalled["CONVERGED_REASON"] == "probe loop")
        #expect(stalled["PRIORITY"] == "2")
        #expect(journal.contains { $0["MESSAGE"]?.contains("Failed with result 'watchdog'") == true })
    }
}
