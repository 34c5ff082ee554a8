import Glibc
import Synchronization
import SystemPackage

/// Where log lines go, decided once at start and shared by all loggers. Never blocks: what can't be taken at
/// once is dropped, counted, and owned up to in the next entry (`CONVERGED_DROPPED`).
///
/// The native protocol is used when standard error *is* the journal (`$JOURNAL_STREAM` names it, which is how
/// systemd starts a service), so a daemon started by hand in a terminal speaks to the terminal.
public final class LogOutput: Sendable {
    public static let journald = "/run/systemd/journal/socket"

    let identifier: String
    private let journal: JournalSocket?
    private let text: TextOutput
    private let unreported = Atomic<Int>(0)
    private let total = Atomic<Int>(0)

    /// - Parameter identifier: the `SYSLOG_IDENTIFIER`, the name of the program.
    public init(
        identifier: String, environment: [String: String], journald: String = LogOutput.journald,
        standardError: FileDescriptor = .standardError
    ) {
        self.identifier = identifier
        let isJournal = Self.isJournal(standardError, environment["JOURNAL_STREAM"])
        journal = isJournal ? JournalSocket(path: journald) : nil
        text = TextOutput(standardError, isJournal: isJournal)
    }

    /// Entries lost since the start because nobody took them, for the metrics.
    public var dropped: Int { total.load(ordering: .relaxed) }

    func write(_ line: LogLine) {
        let owed = unreported.exchange(0, ordering: .relaxed)
        var line = line
        if owed > 0 { line.fields.append((name: "CONVERGED_DROPPED", value: String(owed))) }
        guard deliver(line) else {
            unreported.add(owed + 1, ordering: .relaxed)
            total.add(1, ordering: .relaxed)
            return
        }
    }

    private func deliver(_ line: LogLine) -> Bool {
        guard let journal else { return text.write(line) }
        return switch journal.send(line.entry(identifier).bytes) {
        case .sent: true
        case .busy: false
        case .absent: text.write(line)
        }
    }

    /// `$JOURNAL_STREAM` is `device:inode` of the stream that the service got; a redirected one differs.
    private static func isJournal(_ descriptor: FileDescriptor, _ stream: String?) -> Bool {
        var status = stat()
        guard let stream, fstat(descriptor.rawValue, &status) == 0 else { return false }
        return stream == "\(status.st_dev):\(status.st_ino)"
    }
}
