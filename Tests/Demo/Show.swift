import Foundation
import Postgres
import Simulators
import Support

/// The acts, each: do something, watch until the fleet agrees with its rows again.
struct Show {
    struct Act {
        let title: String
        let seconds: Double
        let calls: Int
    }

    let stage: Stage
    let fleet: Fleet

    init(_ stage: Stage) {
        self.stage = stage
        fleet = Fleet(web: stage.web)
    }

    func run() async throws -> Bool {
        say("converged run")
        try await stage.startDaemon()
        let acts = [
            try await act("25 users of both shapes sign up") {
                try await fleet.signUp(25, profiles: ["automna", "automna", "molt"], label: "first")
            },
            try await act("an image upgrade of all of them") {
                _ = try await fleet.upgrade(to: "ghcr.io/openclaw/openclaw:2026.3.1")
            },
            try await act("a machine is destroyed behind the daemon's back", isBroken: brokenMachine()) {
                guard let id = try await anyMachine() else { return }
                stage.simulator.destroyMachine(id)
            },
            try await act("a region is full: two more users sign up") {
                stage.simulator.inject(.init(.capacityRegion, on: "create-machine", times: 1))
                try await fleet.signUp(2, profiles: ["automna"], label: "crowded")
            },
            try await act("kill -9 of the daemon in mid-provisioning of four users, and a new one") {
                let before = stage.simulator.ledger.count
                try await fleet.signUp(4, profiles: ["automna", "molt"], label: "crash")
                try await eventually("the daemon is in the middle of it") {
                    stage.simulator.ledger.dropFirst(before).filter { $0.action == "create-volume" }.count >= 2
                }
                await stage.killDaemon()
                try await stage.startDaemon()
            },
            try await act("two users leave", isGone: true) { _ = try await fleet.delete("crowded") },
        ]
        let droplet = DropletShow(stage)
        let dropletActs = try await droplet.run()
        let code = await stage.stopDaemon()
        let leaks = try await droplet.leaks()
        return try await Report(
            stage: stage, acts: acts, dropletActs: dropletActs, dropletLeaks: leaks, exitCode: code
        ).print()
    }

    private func act(
        _ title: String, isBroken: (() async throws -> Bool)? = nil, isGone: Bool = false,
        _ body: () async throws -> Void
    ) async throws -> Act {
        print("\n\(title)")
        let start = ContinuousClock.now
        let calls = stage.simulator.ledger.count
        try await body()
        LiveTable.printHeading()
        var table = LiveTable()
        var hasBroken = isBroken == nil
        while true {
            guard stage.isDaemonRunning else {
                throw Mishap(description: "the daemon ended: \(stage.lastWords)")
            }
            let picture = try await fleet.look()
            table.show(picture, calls: stage.simulator.ledger.count - calls)
            // Before the daemon has noticed, everything still looks fine.
            if let isBroken, !hasBroken { hasBroken = try await isBroken() }
            if hasBroken, picture.settled == picture.total, !isGone || picture.byStatus["deleting"] == nil { break }
            if ContinuousClock.now - start > .seconds(90) {
                throw Mishap(description: "not settled after 90 s: \(picture.byStatus)\n\(stage.lastWords)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        table.end()
        return Act(
            title: title, seconds: (ContinuousClock.now - start) / .seconds(1),
            calls: stage.simulator.ledger.count - calls)
    }

    private func anyMachine() async throws -> String? {
        let rows = try await stage.owner.query(
            "select fly_machine_id from converged.machines where status = 'running' order by created_at limit 1")
        return try rows.first?.decode(0, as: String.self)
    }

    /// True once the daemon has replaced the machine that was destroyed.
    private func brokenMachine() -> () async throws -> Bool {
        let stage = stage
        return {
            let live = Set(stage.simulator.liveMachines().map(\.id))
            let rows = try await stage.owner.query(
                "select fly_machine_id from converged.machines where fly_machine_id is not null")
            return try rows.allSatisfy { live.contains(try $0.decode(0, as: String.self)) }
        }
    }
}
