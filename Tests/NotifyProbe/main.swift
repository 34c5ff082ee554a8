import FoundationEssentials
import Glibc
import Logging
import SystemPackage
import Systemd

// A daemon with nothing but the Systemd room in it: what a supervisor, a journal and a socket unit do to a process
// can only be seen in a process of its own.

let environment = ProcessInfo.processInfo.environment
let arguments = CommandLine.arguments.dropFirst()
let output = LogOutput(identifier: "notify-probe", environment: environment)
LoggingSystem.bootstrap { JournalLogHandler(label: $0, output: output) }
let logger = Logger(label: "probe")
let notifier = ServiceNotifier()

switch arguments.first {
case "say":
    notifier.extendTimeout(.milliseconds(1500))
    notifier.ready()
    notifier.status("first line\nREADY=0")
    notifier.reloading()
    notifier.stopping()
    await notifier.flush()
case "inherit":
    print("watchdog \(ServiceNotifier.watchdogInterval.map { "\($0)" } ?? "none")")
    do {
        for socket in try ListenDescriptors.take() { print("socket \(socket.descriptor.rawValue) \(socket.name)") }
    } catch {
        print("refused \(error)")
    }
case "serve":
    await serve(stuckBy: arguments.dropFirst().first ?? "")
default:
    print("say | inherit | serve FILE")
}

/// A service as the daemon is one; while `file` exists its loop counts as stuck, `file.end` ends it.
func serve(stuckBy file: String) async {
    let credentials = Credentials(environment: environment)
    logger.info(
        "credentials read", metadata: ["names": "\(credentials.list().joined(separator: " "))", "key": "probe/1"])
    logger.notice(
        "two\nlines",
        metadata: [
            "message-id": "\(MessageID.started.name)", "kind": "probe", "key": "probe/1", "generation": "7",
            "reason": "Testing",
        ])
    logger.info("large", metadata: ["payload": "\(String(repeating: "x", count: 250_000))"])
    notifier.ready()
    notifier.status("serving")
    guard let interval = ServiceNotifier.watchdogInterval else { return }
    await Watchdog(notifier, interval: interval, logger: logger) {
        if FileManager.default.fileExists(atPath: file + ".end") {
            await notifier.flush()
            exit(0)
        }
        let isStuck = FileManager.default.fileExists(atPath: file)
        let last = ContinuousClock.now - (isStuck ? .seconds(60) : .zero)
        return ProgressGate([.init("probe loop", lastProgress: last, maxAge: .seconds(5))])
    }.run()
}
