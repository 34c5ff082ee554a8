import Foundation
import Logging
import Postgres
import Support
import Synchronization
import Testing

@testable import Queue

/// Arguments of secret kinds are seen by their handler and by nobody else.
@Suite(.timeLimit(.minutes(5))) struct SecretTests {
    private static let clear = #"{"password": "hunter2-correct-horse"}"#

    /// Turns the bytes around, which is all that these tests need of a cipher; the real one has tests of its own.
    private static func seal(_ mark: String = "r1") -> ArgumentSeal {
        ArgumentSeal(
            seal: { "\(mark).\($1)." + Data($0.utf8.reversed()).base64EncodedString() },
            open: {
                let prefix = "\(mark).\($1)."
                guard $0.hasPrefix(prefix), let data = Data(base64Encoded: String($0.dropFirst(prefix.count))) else {
                    throw Unexpected(description: "not sealed for \($1): \($0)")
                }
                return String(decoding: data.reversed(), as: UTF8.self)
            })
    }

    private func client(_ queue: QueueBench, seal: ArgumentSeal? = seal()) -> JobClient {
        JobClient(database: queue.daemon, seal: seal, secretKinds: ["secret"])
    }

    /// Rows of all tables of the schema that hold the text.
    private func leaks(_ queue: QueueBench, _ text: String) async throws -> [String] {
        let tables: [String] = try await queue.admin.query(
            "select relname from pg_class where relnamespace = 'converged'::regnamespace and relkind = 'r'"
        ).column(0)
        var leaks: [String] = []
        for table in tables {
            let count: Int = try await queue.admin.query(
                "select count(*) from converged.\(raw: table) t where t::text like \("%\(text)%")"
            ).scalar()
            if count > 0 { leaks.append(table) }
        }
        return leaks
    }

    @Test func onlyTheHandlerSeesThem() async throws {
        struct Careless: Error, CustomStringConvertible { let description: String }
        try await QueueBench.with { queue in
            let notes = Notes()
            let lines = Lines()
            let kind = JobKind(
                name: "secret", backoff: Backoff(base: .milliseconds(1), cap: .milliseconds(1)), maxAttempts: 2,
                isSecret: true
            ) { lease in
                let kept = try await lease.step("keep") { lease.args ?? "{}" }
                notes.add("\(lease.args ?? "none") \(kept)")
                throw Careless(description: "cannot log in with \(lease.args ?? "")")
            }
            try await queue.daemon.batch(JobKind.registration([kind]))
            try await client(queue).enqueue(NewJob(kind: "secret", args: Self.clear))
            try await client(queue).copy([NewJob(kind: "secret", args: Self.clear)])
            let sealed: Bool = try await queue.scalar(
                "select bool_and(args ->> 'sealed' like 'r1.secret.%') and count(*) = 2 from converged.jobs")
            #expect(sealed)
            var settings = WorkerSettings(name: "w", version: "test")
            settings.argumentSeal = Self.seal()
            let logger = Logger(label: "w") { _ in lines.handler }
            let worker = Worker(database: queue.daemon, kinds: [kind], settings: settings, logger: logger)
            try await queue.running(worker) {
                #expect(await notes.take(4) == Array(repeating: "\(Self.clear) \(Self.clear)", count: 4))
                try await eventually("both are dead") { worker.counters().finished["dead"] == 2 }
            }
            #expect(try await leaks(queue, "hunter2") == [])
            #expect(try await leaks(queue, "not quoted because").sorted().first == "dead_jobs")
            #expect(lines.all.contains { $0.contains("is dead") } && !lines.all.contains { $0.contains("hunter2") })
        }
    }

    @Test func unsealedOnesAreRefusedAndNotQuoted() async throws {
        try await QueueBench.with { queue in
            let kind = JobKind(name: "secret", isSecret: true) { _ in Verdict(.settled(next: nil)) }
            try await queue.daemon.batch(JobKind.registration([kind]))
            let job = NewJob(kind: "secret", args: Self.clear)
            let ignorant = JobClient(database: queue.daemon)
            let refused = try await #require(throws: PostgresError.self) { try await ignorant.enqueue(job) }
            let uncopied = try await #require(throws: JobRefused.self) { try await ignorant.copy([job]) }
            let keyless = client(queue, seal: nil)
            let unsealed = try await #require(throws: SealRefused.self) { try await keyless.enqueue(job) }
            let unsealedCopy = try await #require(throws: SealRefused.self) { try await keyless.copy([job]) }
            let errors: [any Error] = [refused, uncopied, unsealed, unsealedCopy]
            #expect(errors.allSatisfy { !"\($0)".contains("hunter2") })
            #expect(refused.sqlState == "22023")
            #expect(try await queue.scalar("select count(*) from converged.jobs") == 0)
        }
    }

    @Test(arguments: ["another key", "no seal", "another kind"])
    func whatDoesNotOpenIsBlocked(why: String) async throws {
        try await QueueBench.with { queue in
            let kind = JobKind(name: "secret", isSecret: true) { _ in
                Issue.record("the handler ran without its arguments")
                return Verdict(.settled(next: nil))
            }
            let sealer = Self.seal(why == "another key" ? "old" : "r1")
            let args = try sealer.wrap(Self.clear, kind: why == "another kind" ? "mail" : "secret")
            try await queue.daemon.query("select converged.enqueue('secret', args => \(args)::jsonb, key => 'a')")
            let worker = queue.worker("w", [kind]) { $0.argumentSeal = why == "no seal" ? nil : Self.seal() }
            try await queue.running(worker) {
                try await eventually("it is blocked") { try await queue.history("a") == ["blocked"] }
            }
            let message: String = try await queue.scalar("select message from converged.job_history where key = 'a'")
            #expect(message.contains("sealed args of kind secret") && !message.contains("hunter2"))
            #expect(!message.contains(args.dropFirst(30)))
        }
    }
}

/// What was logged, with metadata.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock(\.self) }
    var handler: Handler { Handler(lines: self) }

    struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
