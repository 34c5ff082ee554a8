import Foundation
import Postgres
import Simulators
import Support
import Synchronization

/// The path's bars: start, wake, a pass over a settled fleet, memory, provisioning at the vendor's limit, rescue.
enum PathBench {
    static let fleetSize = 10_000
    static let provisioned = 1_000

    static func run() async throws -> [Figure] {
        let cluster = try await TestCluster.make(durable: true)
        var figures = try await measureFleet(cluster)
        figures += try await measureProvisioning(cluster)
        figures += try await measureRescue(cluster)
        await cluster.halt()
        return figures
    }

    /// Start, memory and passes, first without objects, then with 10 000 settled ones.
    private static func measureFleet(_ cluster: TestCluster) async throws -> [Figure] {
        let rig = try await Rig.build(cluster: cluster)
        var readiness: [Double] = []
        for round in 0..<5 {
            let (daemon, span) = try await rig.startDaemon(name: "start-\(round)")
            readiness.append(span / .milliseconds(1))
            await daemon.stop()
        }
        let empty = try await measurePass(rig, name: "empty")
        say("provisioning \(fleetSize) machines against a simulator without limits")
        let (builder, _) = try await rig.startDaemon(
            ["CONVERGED_FLY_CALLS_PER_SECOND": "1000", "CONVERGED_WORKER_CONCURRENCY": "200"], name: "builder")
        try await rig.insertMachines(fleetSize)
        try await waitUntilSettled(rig, limit: .seconds(1800))
        await builder.stop()
        let full = try await measurePass(rig, name: "full")
        let wakes = try await measureWakes(rig)
        await rig.close()
        return [
            Figure(
                name: "ready_ms", value: readiness.percentile(0.5), bar: "≤ 1000", meaning: "start → READY, median of 5"
            ),
            Figure(
                name: "wake_p50_ms", value: wakes.percentile(0.5), bar: "",
                meaning: "row committed → first call of its reconcile"),
            Figure(
                name: "wake_p99_ms", value: wakes.percentile(0.99), bar: "≤ 50", meaning: "the same, of \(wakes.count)"),
            Figure(
                name: "noop_pass_cpu_s", value: full.cpu, bar: "≤ 1",
                meaning: "one survey of \(fleetSize) settled machines"),
            Figure(
                name: "idle_calls_per_object", value: full.callsPerObject, bar: "0",
                meaning: "beyond the bulk lists, in that survey"),
            Figure(
                name: "rss_idle_mb", value: empty.memory, bar: "≤ 40", meaning: "resident, no objects, after 3 surveys"),
            Figure(
                name: "bytes_per_object", value: max(0, full.memory - empty.memory) * 1_048_576 / Double(fleetSize),
                bar: "≤ 4096", meaning: "\(fleetSize) against 0 objects"),
        ]
    }

    /// A fresh daemon, three surveys, the last one measured.
    private static func measurePass(
        _ rig: Rig, name: String
    ) async throws -> (cpu: Double, callsPerObject: Double, memory: Double) {
        let (daemon, _) = try await rig.startDaemon(["CONVERGED_FLY_CHECKUPS_PER_SURVEY": "0"], name: name)
        var cpu = 0.0
        var calls: [String] = []
        for _ in 0..<3 {
            let before = (daemon.cpuSeconds, rig.simulator.ledger.count)
            try await rig.survey()
            cpu = daemon.cpuSeconds - before.0
            calls = rig.simulator.ledger.dropFirst(before.1).map(\.action)
        }
        let single = calls.filter { !$0.hasPrefix("list-") }
        let memory = daemon.residentMiB
        await daemon.stop()
        return (cpu, Double(single.count) / Double(fleetSize), memory)
    }

    /// Changes single rows of the settled fleet and sees when the vendor hears of each.
    private static func measureWakes(_ rig: Rig) async throws -> [Double] {
        // A budget that the calls of the change before do not use up: it is the wake that is measured, not the vendor.
        let (daemon, _) = try await rig.startDaemon(["CONVERGED_FLY_CALLS_PER_SECOND": "1000"], name: "wakes")
        let heard = Mutex<[String: ContinuousClock.Instant]>([:])
        rig.simulator.onCall { call, phase in
            if phase == .before, let target = call.target {
                heard.withLock { if $0[target] == nil { $0[target] = .now } }
            }
            return .proceed
        }
        let rows = try await rig.owner.query("select id, fly_machine_id from converged.machines order by id limit 300")
        var spans: [Double] = []
        for row in rows {
            let (id, machine) = try row.decode((UUID, String).self)
            heard.withLock { $0[machine] = nil }
            try await rig.owner.query("update converged.machines set env = '{\"BENCH\": \"1\"}' where id = \(id)")
            let committed = ContinuousClock.now
            try await eventually("the vendor hears of \(machine)") { heard.withLock { $0[machine] != nil } }
            let first = heard.withLock { $0[machine] } ?? .now
            spans.append(max(.zero, first - committed) / .milliseconds(1))
        }
        await daemon.stop()
        return spans
    }

    /// Wall time against what a budget of 50 calls/s allows at least.
    private static func measureProvisioning(_ cluster: TestCluster) async throws -> [Figure] {
        say("provisioning \(provisioned) machines at 100 ms a call and 50 calls/s")
        var options = FlySimulator.Options()
        options.callDelay = .milliseconds(100)
        let rig = try await Rig.build(options, cluster: cluster)
        let (daemon, _) = try await rig.startDaemon(["CONVERGED_FLY_CALLS_PER_SECOND": "50"])
        try await rig.survey()
        let before = rig.simulator.ledger.count
        let start = ContinuousClock.now
        try await rig.insertMachines(provisioned)
        try await waitUntilSettled(rig, limit: .seconds(1800))
        let wall = (ContinuousClock.now - start) / .seconds(1)
        let calls = Double(rig.simulator.ledger.count - before)
        await daemon.stop()
        await rig.close()
        return [
            Figure(
                name: "provision_ratio", value: wall / (calls / 50), bar: "≤ 1.05",
                meaning: "\(provisioned) machines, \(Int(calls)) calls, \(Int(wall)) s"),
            Figure(
                name: "provision_calls_per_machine", value: calls / Double(provisioned), bar: "",
                meaning: "calls to the vendor"),
        ]
    }

    /// Two daemons; the one that holds a key is killed in mid-call.
    private static func measureRescue(_ cluster: TestCluster) async throws -> [Figure] {
        say("kill -9 of a daemon that holds a key")
        let rig = try await Rig.build(cluster: cluster)
        let (one, _) = try await rig.startDaemon(name: "one")
        rig.simulator.inject(.init(.delay(.seconds(60)), on: "create-volume", times: 1))
        try await rig.insertMachines(1)
        try await eventually("the first daemon is in mid-call") {
            rig.simulator.ledger.contains { $0.action == "create-volume" }
        }
        let (two, _) = try await rig.startDaemon(name: "two")
        let holder = try await rig.holder()
        let start = ContinuousClock.now
        await one.kill()
        try await eventually("the other daemon holds the key", within: .seconds(120)) {
            let now = try await rig.holder()
            return now != nil && now != holder
        }
        let span = (ContinuousClock.now - start) / .seconds(1)
        await two.stop()
        await rig.close()
        return [Figure(name: "rescue_s", value: span, bar: "≤ 15", meaning: "kill -9 → the key is leased elsewhere")]
    }

    private static func waitUntilSettled(_ rig: Rig, limit: Duration) async throws {
        let end = ContinuousClock.now + limit
        var told = ContinuousClock.now
        while true {
            let left = try await rig.countUnsettled()
            if left == 0 { return }
            guard ContinuousClock.now < end else {
                throw Mishap(description: "\(left) machines are still not settled")
            }
            if ContinuousClock.now - told > .seconds(10) {
                told = .now
                say("  \(left) to go, \(rig.simulator.ledger.count) calls so far")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}

extension Rig {
    /// Wakes the survey and waits for its end.
    func survey() async throws {
        let before = try await surveyEnds()
        try await owner.query("select converged.wake('survey', 'fly')")
        try await eventually("the survey ends", within: .seconds(60)) { try await self.surveyEnds() > before }
    }

    private func surveyEnds() async throws -> Int {
        let rows = try await owner.query(
            "select count(*) from converged.job_history where kind = 'survey' and outcome = 'settled'")
        return try rows[0].decode(0, as: Int.self)
    }

    /// The worker that runs a machine's job at this moment.
    func holder() async throws -> Int64? {
        let rows = try await owner.query(
            "select worker from converged.jobs where kind = 'machine' and state = 'running' limit 1")
        return try rows.first?.decode(0, as: Int64.self)
    }
}
