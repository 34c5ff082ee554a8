import Foundation
import Inbox
import Support
import Testing

/// `sd_notify` and what a process inherits, in a real process: its environment and process id are what count.
@Suite struct NotifyTests {
    let probe = Command.built("notify-probe")

    @Test func everyMessageArrivesInOrderAndAValueCanNotForgeAnother() async throws {
        let inbox = try DatagramInbox()
        try await Command.check([probe, "say"], environment: ["NOTIFY_SOCKET": inbox.path])
        #expect(
            try inbox.all() == [
                "EXTEND_TIMEOUT_USEC=1500000", "READY=1", "STATUS=first line READY=0", "RELOADING=1", "STOPPING=1",
            ])
    }

    @Test func withoutASupervisorNothingHappens() async throws {
        let said = try await Command.run(["env", "-u", "NOTIFY_SOCKET", probe, "say"])
        #expect(said.status == 0)
        #expect(said.errors == "")
    }

    @Test func theWatchdogIsForTheProcessThatItNames() async throws {
        let own = try await Command.check([
            "sh", "-c", "WATCHDOG_USEC=30000000 WATCHDOG_PID=$$ exec \"$0\" inherit", probe,
        ])
        #expect(own.contains("watchdog 30.0 seconds"))
        let foreign = try await Command.check([
            "env", "WATCHDOG_USEC=30000000", "WATCHDOG_PID=1", probe, "inherit",
        ])
        #expect(foreign.contains("watchdog none"))
    }

    /// The descriptors, names and process id as a socket unit hands them over.
    @Test func socketsComeByName() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "listen-\(UUID().uuidString.prefix(8))").path
        defer { unlink(path) }
        let script = """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if sys.argv[3] == 'stream' else socket.SOCK_DGRAM)
            s.bind(sys.argv[2])
            if sys.argv[3] == 'stream': s.listen()
            os.dup2(s.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='intake')
            os.execv(sys.argv[1], [sys.argv[1], 'inherit'])
            """
        let taken = try await Command.check(["python3", "-c", script, probe, path, "stream"])
        #expect(taken.contains("socket 3 intake\n"))
        unlink(path)
        let refused = try await Command.check(["python3", "-c", script, probe, path, "datagram"])
        #expect(refused.contains("refused descriptor 3 from systemd, named 'intake', is not a listening stream socket"))
    }

    @Test func withoutSocketsThereAreNone() async throws {
        let said = try await Command.check(["env", "-u", "LISTEN_FDS", probe, "inherit"])
        #expect(!said.contains("socket"))
        #expect(!said.contains("refused"))
    }
}
