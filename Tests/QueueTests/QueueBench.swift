import Foundation
import Logging
import Postgres
import Support

@testable import Queue

/// A migrated database of the test's own, with the doors that the three roles have to the queue.
struct QueueBench: Sendable {
    private static let places = Places(24)

    let test: TestDatabase
    /// Superuser: looks and prepares.
    let admin: Database
    /// As the daemon, so that missing grants are found.
    let daemon: Database

    static func with<Value: Sendable>(
        isolation: isolated (any Actor)? = #isolation, _ body: (QueueBench) async throws -> Value
    ) async throws -> Value {
        // All tests begin at once, each with connections of its own: more than these starve one server on two cores.
        await places.take()
        defer { places.give() }
        let test = try await TestDatabase.make()
        let queue = QueueBench(test: test, admin: test.open(), daemon: test.open(role: "converged_daemon"))
        do {
            let value = try await body(queue)
            await queue.close()
            return value
        } catch {
            await queue.close()
            throw error
        }
    }

    private func close() async {
        await admin.close(grace: .zero)
        await daemon.close(grace: .zero)
        try? await test.drop()
    }

    func wake(_ key: String, kind: String = "k", urgent: Bool = true) async throws {
        try await admin.query("select converged.wake(\(kind), \(key), \(urgent))")
    }

    func scalar<Value: PostgresDecodable & Sendable>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> Value
    {
        try await admin.query(sql).scalar()
    }

    /// The columns of the only job with this key, as one text.
    func job(_ key: String, _ columns: String) async throws -> String? {
        try await admin.query("select concat_ws(' ', \(raw: columns)) from converged.jobs where key = \(key)")
            .column(0, as: String.self).first
    }

    // MARK: Without a worker: what its statements do

    static let plain = JobKind(name: "k") { _ in Verdict(.settled(next: nil)) }

    func register(_ name: String = "w") async throws -> Int64 {
        try await daemon.query(
            """
            insert into converged.workers (name, version, kinds, started_at, seen_at)
            values (\(name), '1', '{k}', converged.now(), converged.now()) returning id
            """
        ).scalar()
    }

    func claim(_ worker: Int64, _ kinds: [JobKind] = [plain], limits: [Int]? = nil) async throws -> Claim.Result {
        try await daemon.batch(JobKind.registration(kinds))
        let claim = Claim(limits: limits ?? kinds.map { _ in 10 }, worker: worker, floors: kinds.map { _ in nil })
        return try Claim.Result(try await daemon.query(claim.statement(kinds)), daemon)
    }

    func claimed(_ worker: Int64, _ kinds: [JobKind] = [plain], limits: [Int]? = nil) async throws -> [String] {
        try await claim(worker, kinds, limits: limits).leases.map { $0.lease.key ?? "" }
    }

    /// Folds and leases the one job that is due.
    func lease(_ worker: Int64, _ kinds: [JobKind] = [plain]) async throws -> Lease {
        let leases = try await claim(worker, kinds).leases
        guard leases.count == 1 else { throw Unexpected(description: "\(leases.count) jobs were due, not one") }
        return leases[0].lease
    }

    @discardableResult func finish(
        _ lease: Lease, _ ending: Finish.Ending, after: Duration? = nil, message: String? = nil
    ) async throws -> Finish.Answer? {
        var finish = Finish(lease, ending, startedAt: .now, message: message)
        finish.after = after
        return try Finish.answers(try await daemon.batch(Finish.statements([finish])))[lease.job]
    }

    /// Folds without leasing.
    func fold(_ worker: Int64) async throws -> Claim.Result { try await claim(worker, limits: [0]) }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
}

// MARK: With workers

extension QueueBench {
    func worker(
        _ name: String = "w", _ kinds: [JobKind], on database: Database? = nil,
        _ adjust: (inout WorkerSettings) -> Void = { _ in }
    ) -> Worker {
        var settings = WorkerSettings(name: name, version: "test")
        settings.grace = .seconds(5)
        adjust(&settings)
        var logger = Logger(label: name)
        logger.logLevel = .critical
        return Worker(database: database ?? daemon, kinds: kinds, settings: settings, logger: logger)
    }

    /// Runs the workers around the body; their soft stop is part of it.
    func running(
        _ workers: Worker..., isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
    ) async throws {
        let tasks = workers.map { worker in Task { try await worker.run() } }
        do {
            try await body()
        } catch {
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            throw error
        }
        for task in tasks { task.cancel() }
        for task in tasks { try await task.value }
    }

    func history(_ key: String) async throws -> [String] {
        try await admin.query("select outcome from converged.job_history where key = \(key) order by finished_at")
            .column(0)
    }
}

/// Values that handlers leave for the test, and a way to await them.
final class Notes: Sendable {
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func add(_ note: String) { continuation.yield(note) }

    /// The next note; nil when the task was cancelled.
    func next() async -> String? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }

    func take(_ count: Int) async -> [String] {
        var notes: [String] = []
        while notes.count < count, let note = await next() { notes.append(note) }
        return notes
    }
}

/// Holds handlers until the test lets them go. Honours cancellation.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open(_ times: Int = 1) { for _ in 0..<times { continuation.yield() } }

    func pass() async throws {
        var iterator = stream.makeAsyncIterator()
        if await iterator.next() == nil { throw CancellationError() }
    }
}
