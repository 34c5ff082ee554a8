import Foundation
import Synchronization
import UnixSignals

/// `bench bare-loop URL TABLE FILE`: what pick-up is held against. LISTEN, claim one, delete it; nothing else, on libpq alone.
enum BareLoop {
    static let verb = "bare-loop"

    static func run(_ words: [String]) throws {
        guard words.count == 3 else { throw Mishap(description: "bench \(verb) URL TABLE FILE") }
        let (url, table, file) = (words[0], words[1], words[2])
        let stopped = Stop()
        stopped.listen()
        let session = try Session(url)
        try session.run("listen converged_jobs")
        try session.prepare(
            "claim",
            """
            update \(table) set state = 'running', leased_at = now() where id = (
                select id from \(table) where state = 'ready' and queue = 'default' and kind = 'noop'
                order by rank limit 1 for update skip locked) returning id
            """)
        try session.prepare("finish", "delete from \(table) where id = $1")
        let log = StartLog()
        print("READY")
        fflush(nil)
        while !stopped.isAsked {
            guard let job = try session.run(prepared: "claim").first?[0] else {
                session.waitForNotice(milliseconds: 200)
                continue
            }
            log.add(Int64(job) ?? 0)
            try session.run(prepared: "finish", job)
        }
        try log.write(to: file)
    }
}

/// SIGTERM as a value.
final class Stop: Sendable {
    private let asked = Atomic(false)

    var isAsked: Bool { asked.load(ordering: .relaxed) }

    func listen() {
        Task { [self] in
            for await _ in await UnixSignalsSequence(trapping: .sigterm) {
                asked.store(true, ordering: .relaxed)
                break
            }
        }
    }
}
