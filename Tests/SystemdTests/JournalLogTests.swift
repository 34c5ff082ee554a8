import Foundation
import Inbox
import Logging
import Support
import SystemPackage
import Testing

@testable import Systemd

/// The log handler against a datagram socket that stands where journald's is, and a pipe as standard error.
@Suite struct JournalLogTests {
    let inbox: DatagramInbox
    let stream = Pipe()
    var standardError: FileDescriptor { FileDescriptor(rawValue: stream.fileHandleForWriting.fileDescriptor) }

    init() throws { inbox = try DatagramInbox() }

    /// As systemd starts a service: standard error is the journal's stream.
    func journalLogger(socket: String? = nil) -> (Logger, LogOutput) {
        var status = stat()
        fstat(standardError.rawValue, &status)
        let output = LogOutput(
            identifier: "converged", environment: ["JOURNAL_STREAM": "\(status.st_dev):\(status.st_ino)"],
            journald: socket ?? inbox.path, standardError: standardError)
        return (Logger(label: "test") { JournalLogHandler(label: $0, output: output) }, output)
    }

    /// The next entry, and how many values it has of each field.
    func entry() throws -> [String: String] {
        let bytes = try #require(try inbox.next()).bytes
        let fields = try #require(journalFields(bytes))
        return Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in
            Issue.record("a field twice")
            return first
        }
    }

    @Test func metadataBecomeFields() throws {
        var (logger, _) = journalLogger()
        logger[metadataKey: "kind"] = "machine"
        logger.error(
            "no\nanswer",
            metadata: [
                "key": "machine/7", "generation": "12", "reason": "Timeout", "message-id": "reconcile-failing",
            ])
        let entry = try entry()
        #expect(entry["MESSAGE"] == "machine/7: no\nanswer")
        #expect(entry["PRIORITY"] == "3")
        #expect(entry["SYSLOG_IDENTIFIER"] == "converged")
        #expect(entry["CONVERGED_KIND"] == "machine")
        #expect(entry["CONVERGED_KEY"] == "machine/7")
        #expect(entry["CONVERGED_GENERATION"] == "12")
        #expect(entry["CONVERGED_REASON"] == "Timeout")
        #expect(entry["CONVERGED_LOGGER"] == "test")
        #expect(entry["MESSAGE_ID"] == MessageID.reconcileFailing.rawValue)
        #expect(entry["CODE_FILE"]?.hasSuffix("JournalLogTests.swift") == true)
        #expect(entry["CODE_FUNC"] == "metadataBecomeFields()")
        #expect(Int(entry["CODE_LINE"] ?? "") != nil)
    }

    @Test(arguments: [
        (Logger.Level.trace, "7"), (.debug, "7"), (.info, "6"), (.notice, "5"), (.warning, "4"), (.error, "3"),
        (.critical, "2"),
    ]) func levelsArePriorities(level: Logger.Level, priority: String) throws {
        var (logger, _) = journalLogger()
        logger.logLevel = .trace
        logger.log(level: level, "x")
        #expect(try entry()["PRIORITY"] == priority)
    }

    @Test func theNearestValueWins() throws {
        let output = journalLogger().1
        var handler = JournalLogHandler(label: "test", output: output)
        handler.metadata = ["a": "logger", "b": "logger", "c": "logger"]
        handler.metadataProvider = .init { ["b": "task", "c": "task"] }
        Logger(label: "test", factory: { _ in handler }).info("x", metadata: ["c": "call"])
        let entry = try entry()
        #expect([entry["CONVERGED_A"], entry["CONVERGED_B"], entry["CONVERGED_C"]] == ["logger", "task", "call"])
    }

    @Test func anUnknownMessageIdIsAnOrdinaryField() throws {
        journalLogger().0.info("x", metadata: ["message-id": "nonsense"])
        let entry = try entry()
        #expect(entry["MESSAGE_ID"] == nil)
        #expect(entry["CONVERGED_MESSAGE_ID"] == "nonsense")
    }

    @Test func anEntryTooLargeForADatagramComesAsASealedFile() throws {
        // The kernel's limit follows the sender's buffer, which root may have of 16 MiB.
        let value = String(repeating: "x", count: 250_000)
        let many = (0..<80).map { ("large-\($0)", Logger.MetadataValue.string(value)) }
        journalLogger().0.info("large", metadata: Dictionary(uniqueKeysWithValues: many + [("c", "two\nlines")]))
        let datagram = try #require(try inbox.next())
        let isSealed = datagram.isSealed
        #expect(isSealed)
        let fields = try #require(journalFields(datagram.bytes))
        let whole = fields.filter { $0.name.hasPrefix("CONVERGED_LARGE_") && $0.value == value }.count
        #expect(whole == 80)
        #expect(fields.first { $0.name == "CONVERGED_C" }?.value == "two\nlines")
    }

    /// Nobody reads: the queue of the socket fills up, and logging goes on without waiting.
    @Test func aFullJournalDropsCountsAndOwnsUp() throws {
        let (logger, output) = journalLogger()
        var sent = 0
        while output.dropped < 3 {
            logger.info("entry \(sent)")
            sent += 1
        }
        var received = 0
        while try inbox.next() != nil { received += 1 }
        #expect(received == sent - 3)
        logger.info("after")
        #expect(try entry()["CONVERGED_DROPPED"] == "3")
        logger.info("later")
        #expect(try entry()["CONVERGED_DROPPED"] == nil)
        #expect(output.dropped == 3)
    }

    @Test func withoutAJournalSocketTheStreamGetsALineWithItsPriority() throws {
        let (logger, output) = journalLogger(socket: inbox.path + "-absent")
        logger.warning("slow", metadata: ["key": "machine/7", "reason": "a\nb"])
        #expect(try line() == "<4>warning test: machine/7: slow key=machine/7 reason=a\\nb\n")
        #expect(output.dropped == 0)
    }

    @Test func aTerminalGetsALineWithTheTime() throws {
        let output = LogOutput(
            identifier: "converged", environment: ["JOURNAL_STREAM": "1:1"], journald: inbox.path,
            standardError: standardError)
        Logger(label: "test") { JournalLogHandler(label: $0, output: output) }.info("hello")
        #expect(try line().wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info test: hello\n/) != nil)
        #expect(try inbox.next() == nil)
    }

    @Test func aFullPipeDropsInsteadOfBlocking() throws {
        let (logger, output) = journalLogger(socket: inbox.path + "-absent")
        while output.dropped == 0 { logger.info("\(String(repeating: "y", count: 1000))") }
        #expect(output.dropped == 1)
    }

    func line() throws -> String {
        String(decoding: stream.fileHandleForReading.availableData, as: UTF8.self)
    }
}
