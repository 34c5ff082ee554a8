import Foundation
import Postgres
import Support

/// 50 enqueues a second by another client: how soon the handler begins, against a bare loop on libpq.
enum PickupIdleBench {
    static let perSecond = 50.0
    static let seconds = 10.0
    static let rounds = 4

    static func run() async throws -> [Figure] {
        let rig = try await QueueRig.build()
        var (floor, floorSent): ([Double], [Double]) = ([], [])
        var (ours, oursSent): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            let (marks, starts) = try await measureFloor(rig)
            floor += try Latencies(marks, starts).milliseconds
            floorSent += try Latencies(marks, starts, since: \.sent).milliseconds
            let (sent, begun) = try await measureWorker(rig)
            ours += try Latencies(sent, begun).milliseconds
            oursSent += try Latencies(sent, begun, since: \.sent).milliseconds
        }
        await rig.close()
        let (p50, p99) = (ours.percentile(0.5) / floor.percentile(0.5), ours.percentile(0.99) / floor.percentile(0.99))
        return [
            Figure(name: "p50_ms", value: ours.percentile(0.5), meaning: "commit → handler, of \(ours.count)"),
            Figure(name: "p95_ms", value: ours.percentile(0.95), meaning: "the same"),
            Figure(name: "p99_ms", value: ours.percentile(0.99), meaning: "the same"),
            Figure(
                name: "floor_p50_ms", value: floor.percentile(0.5),
                meaning: "bare LISTEN → claim one on libpq, of \(floor.count)"),
            Figure(name: "floor_p95_ms", value: floor.percentile(0.95), meaning: "the same"),
            Figure(name: "floor_p99_ms", value: floor.percentile(0.99), meaning: "the same"),
            Figure(name: "p50_ratio", value: p50, bar: "≤ 1.25", meaning: "worker over bare loop"),
            Figure(name: "p99_ratio", value: p99, bar: "≤ 1.5", meaning: "worker over bare loop"),
            Figure(
                name: "sent_p50_ratio", value: oursSent.percentile(0.5) / floorSent.percentile(0.5),
                meaning: "counted from the sending of the enqueue, its commit included"),
            Figure(
                name: "sent_p99_ratio", value: oursSent.percentile(0.99) / floorSent.percentile(0.99),
                meaning: "the same"),
        ]
    }

    private static func measureFloor(_ rig: QueueRig) async throws -> ([Sender.Mark], [StartLog.Start]) {
        try await rig.refill(0, floor: true)
        let folder = try TemporaryFolder.make("bare-loop")
        let file = folder + "/starts"
        let process = try await ChildProcess.start(
            [Command.built("bench"), BareLoop.verb, rig.url(), QueueRig.floor, file], directory: folder, name: "loop")
        let loop = BenchDaemon(process)
        try await loop.waitForReady()
        let sender = Sender.rows(rig, into: QueueRig.floor, every: 1_000 / perSecond)
        _ = try await sender.run(seconds: 1)
        let marks = try await sender.run(seconds: seconds)
        try await rig.waitUntilEmpty(QueueRig.floor)
        await loop.stop()
        return (marks, try StartLog.read(file))
    }

    private static func measureWorker(_ rig: QueueRig) async throws -> ([Sender.Mark], [StartLog.Start]) {
        try await rig.refill(0)
        let child = try await WorkerChild.start(rig, "worker") { $0.startsFile = "" }
        child.begin()
        let sender = Sender.single(rig, every: 1_000 / perSecond)
        _ = try await sender.run(seconds: 1)
        let marks = try await sender.run(seconds: seconds)
        try await rig.waitUntilEmpty("converged.jobs")
        try await child.stop()
        return (marks, try child.starts())
    }
}

extension QueueRig {
    func waitUntilEmpty(_ table: String) async throws {
        try await eventually("\(table) is empty", within: .seconds(60)) {
            try await owner.query("select from \(raw: table) where kind = 'noop' limit 1").isEmpty
        }
    }
}
