import Foundation
import Logging
import Postgres
import Queue
import Synchronization
import UnixSignals

/// What a child does, as JSON on its command line.
struct WorkerOrder: Codable, Sendable {
    static let verb = "worker"

    var url: String
    var name: String
    /// How many of its jobs have ended by now, 8 bytes, rewritten in place.
    var progressFile: String
    /// Where its ``StartLog`` goes at the end; nil: none is kept.
    var startsFile: String?
    var concurrency = 2_000
    var kinds = ["noop"]

    init(url: String, name: String, progressFile: String) {
        self.url = url
        self.name = name
        self.progressFile = progressFile
    }

    init(_ words: [String]) throws {
        guard words.count == 2 else { throw Mishap(description: "bench \(Self.verb) ORDER") }
        self = try JSONDecoder().decode(WorkerOrder.self, from: Data(words[1].utf8))
    }
}

/// `bench worker ORDER`: the product's worker with handlers that do nothing. It is READY before it knows the database, works
/// from SIGUSR1 to SIGTERM, and leaves its records behind.
enum WorkerProgram {
    static func run(_ order: WorkerOrder) async throws {
        let begun = await UnixSignalsSequence(trapping: .sigusr1)
        let ended = await UnixSignalsSequence(trapping: .sigterm)
        let log = order.startsFile.map { _ in StartLog() }
        let database = Database(DatabaseSettings(url: order.url), logger: logger)
        let worker = Worker(
            database: database, kinds: order.kinds.map { kind($0, order, log) },
            settings: WorkerSettings(name: order.name, version: "bench"), logger: logger)
        let progress = try ProgressFile(order.progressFile)
        print("READY")
        fflush(nil)
        for await _ in begun { break }
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            group.addTask {
                // Who logs starts measures moments, which a timer of ours beside it would blur.
                while log == nil {
                    progress.write(worker.counters().finished["settled"] ?? 0)
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            for await _ in ended { break }
            group.cancelAll()
            while (try? await group.next()) != nil {}
        }
        await database.close(grace: .seconds(1))
        if let path = order.startsFile { try log?.write(to: path) }
    }

    private static var logger: Logger {
        var logger = Logger(label: "bench-worker", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        return logger
    }

    private static func kind(_ name: String, _ order: WorkerOrder, _ log: StartLog?) -> JobKind {
        JobKind(name: name, concurrency: order.concurrency) { lease in
            log?.add(lease.job)
            return Verdict(.settled(next: nil))
        }
    }
}

/// One number that another process reads while it changes.
final class ProgressFile: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT, 0o644)
        guard descriptor >= 0 else { throw Mishap(description: "cannot open \(path)") }
    }

    deinit { close(descriptor) }

    func write(_ value: UInt64) {
        var value = value
        pwrite(descriptor, &value, 8, 0)
    }

    var value: UInt64 {
        var value: UInt64 = 0
        pread(descriptor, &value, 8, 0)
        return value
    }
}
