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
        var (floor, floorCommitted): ([Double], [Double]) = ([], [])
        var (ours, oursCommitted): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            let (marks, starts) = try await measureFloor(rig)
            floor += try Latencies(marks, starts, since: \.sent).milliseconds
            floorCommitted += try Latencies(marks, starts).milliseconds
            let (sent, begun) = try await measureWorker(rig)
            ours += try Latencies(sent, begun, since: \.sent).milliseconds
            oursCommitted += try Latencies(sent, begun).milliseconds
        }
        await rig.close()
        func ratio(_ ours: [Double], _ floor: [Double], _ share: Double) -> Double {
            ours.percentile(share) / floor.percentile(share)
        }
        return [
            Figure(
                name: "p50_ms", value: ours.percentile(0.5),
                meaning: "sending of the enqueue → handler, of \(ours.count)"),
            Figure(name: "p95_ms", value: ours.percentile(0.95), meaning: "the same"),
            Figure(name: "p99_ms", value: ours.percentile(0.99), meaning: "the same"),
            Figure(
                name: "floor_p50_ms", value: floor.percentile(0.5),
                meaning: "the same enqueue → a bare LISTEN → claim one on libpq, of \(floor.count)"),
            Figure(name: "floor_p95_ms", value: floor.percentile(0.95), meaning: "the same"),
            Figure(name: "floor_p99_ms", value: floor.percentile(0.99), meaning: "the same"),
            Figure(
                name: "p50_ratio", value: ratio(ours, floor, 0.5), bar: "≤ 1.25", meaning: "worker over bare loop"),
            Figure(name: "p99_ratio", value: ratio(ours, floor, 0.99), bar: "≤ 1.5", meaning: "worker over bare loop"),
            Figure(
                name: "committed_p50_ms", value: oursCommitted.percentile(0.5),
                meaning: "counted from the moment when the client knows of the commit"),
            Figure(
                name: "committed_p50_ratio", value: ratio(oursCommitted, floorCommitted, 0.5),
                meaning: "the same, worker over bare loop"),
            Figure(
                name: "committed_p99_ratio", value: ratio(oursCommitted, floorCommitted, 0.99), meaning: "the same"),
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
        let sender = Sender.rows(rig, every: 1_000 / perSecond)
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
