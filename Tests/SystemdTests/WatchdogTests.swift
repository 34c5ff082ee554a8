import Foundation
import Inbox
import Logging
import Support
import Systemd
import Testing

/// The watchdog in a process of its own, against a socket that stands where systemd's is.
@Suite struct WatchdogTests {
    @Test func pingsWhileThereIsProgressAndTellsWhatStalled() async throws {
        let inbox = try DatagramInbox()
        let stall = FileManager.default.temporaryDirectory.appending(path: "stall-\(UUID().uuidString)").path
        defer { unlink(stall + ".end") }
        let script = "WATCHDOG_USEC=20000 WATCHDOG_PID=$$ exec \"$0\" serve \"$1\""
        async let ended = Command.run(
            ["timeout", "--signal=KILL", "60", "sh", "-c", script, Command.built("notify-probe"), stall],
            environment: ["NOTIFY_SOCKET": inbox.path])

        try await inbox.wait(for: "READY=1")
        try await inbox.wait(for: "WATCHDOG=1")
        try await inbox.wait(for: "WATCHDOG=1")
        _ = FileManager.default.createFile(atPath: stall, contents: nil)
        try await inbox.wait(for: "STATUS=stalled: probe loop")
        #expect(try inbox.all().isEmpty)
        unlink(stall)
        try await inbox.wait(for: "WATCHDOG=1")
        try await inbox.wait(for: "STATUS=making progress again")
        _ = FileManager.default.createFile(atPath: stall + ".end", contents: nil)
        let said = try await ended
        #expect(said.status == 0)
        #expect(said.errors.contains("critical probe: no progress in probe loop"))
    }
}
