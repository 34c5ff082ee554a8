import Foundation
import Logging
import Postgres
import Queue

// `queue-worker URL NAME quick|deaf`: a worker process for tests that kill and stop it. Its handler writes when it began
// and ended into the table `chaos`, over connections of its own; what it counted goes into `chaos_workers`.

let words = CommandLine.arguments
guard words.count == 4 else { fatalError("queue-worker URL NAME quick|deaf") }
let (url, name, isDeaf) = (words[1], words[2], words[3] == "deaf")
let processID = Int(getpid())

var settings = WorkerSettings(name: name, version: "test")
settings.heartbeatInterval = .milliseconds(300)
settings.lapseAfter = .milliseconds(1_500)
settings.deadAfter = .milliseconds(2_500)
settings.rescueInterval = .milliseconds(400)
settings.pollInterval = .milliseconds(300)
if isDeaf {
    // Nothing but the end of its run makes it speak to the database again.
    settings.listens = false
    settings.heartbeatInterval = .seconds(600)
    settings.lapseAfter = .seconds(1_200)
    settings.rescueInterval = .seconds(600)
    settings.pollInterval = .seconds(600)
    settings.scheduleInterval = .seconds(600)
}

func open(_ connections: Int) -> Database {
    var settings = DatabaseSettings(url: url)
    settings.maxConnections = connections
    return Database(settings, logger: Logger(label: "queue-worker"))
}

let (database, own) = (open(4), open(4))

/// A run that is cancelled has ended too, and says so.
func runJob(_ lease: Lease) async throws -> Verdict {
    let row: Int64 = try await own.query(
        """
        insert into chaos (job, key, pid, started) values (\(lease.job), \(lease.key), \(processID), clock_timestamp())
        returning id
        """
    ).scalar()
    let end: SQL = "update chaos set ended = clock_timestamp() where id = \(row)"
    do {
        try await Task.sleep(for: isDeaf ? .seconds(4) : .milliseconds(.random(in: 0..<20)))
    } catch {
        _ = await Task { try await own.query(end) }.result
        throw error
    }
    _ = try await Task { try await own.query(end) }.value
    // Every third end is a transaction with writes of its own.
    let writes: [SQL] = lease.job % 3 == 0 ? ["insert into chaos_writes values (\(lease.job))"] : []
    return Verdict(.settled(next: nil), writes: writes)
}

let kind = JobKind(name: "chaos", concurrency: 8, run: runJob)
let worker = Worker(database: database, kinds: [kind], settings: settings, logger: Logger(label: name))
let counting = Task {
    while true {
        try? await Task.sleep(for: .milliseconds(50))
        let counters = worker.counters()
        _ = try? await own.query(
            """
            insert into chaos_workers (pid, losses, lapses) values (\(processID), \(Int(counters.leaseLosses)), \(Int(counters.lapses)))
            on conflict (pid) do update set losses = excluded.losses, lapses = excluded.lapses
            """)
    }
}
try await worker.run()
counting.cancel()
