import Foundation
import Postgres
import Simulators

/// The last table: what it took, and what the vendor still holds that no row knows.
struct Report {
    let stage: Stage
    let acts: [Show.Act]
    let dropletActs: [DropletShow.Act]
    let dropletLeaks: [String]
    let exitCode: Int32

    /// True when nothing leaked and the daemon stopped in peace.
    func print() async throws -> Bool {
        Swift.print("\n  " + "act".padding(toLength: 72, withPad: " ", startingAt: 0) + " seconds   calls")
        for act in acts {
            let title = act.title.padding(toLength: 72, withPad: " ", startingAt: 0)
            Swift.print("  \(title)" + String(format: "%8.1f%8d", act.seconds, act.calls))
        }
        printDroplet()
        let rows = try await stage.owner.query(
            "select fly_machine_id, fly_volume_id, fly_app from converged.machines")
        var machines: Set<String> = []
        var volumes: Set<String> = []
        var apps: Set<String> = []
        for row in rows {
            let (machine, volume, app) = try row.decode((String?, String?, String?).self)
            if let machine { machines.insert(machine) }
            if let volume { volumes.insert(volume) }
            if let app { apps.insert(app) }
        }
        let simulator = stage.simulator
        let leaks =
            simulator.liveMachines().filter { !machines.contains($0.id) }.map {
                "machine \($0.id)"
            }
            + simulator.volumes().filter { $0.isLive && !volumes.contains($0.id) }.map { "volume \($0.id)" }
            + dropletLeaks
            + simulator.apps.filter { $0.deletedAt == nil && !apps.contains($0.name) && $0.name != "molt-os-bots" }.map
        { "app \($0.name)" }
        let refused = simulator.ledger.filter { $0.status == 429 }.count
        let violations = simulator.violations.filter { $0.kind != .missingNonce }
        Swift.print(
            """

              machines \(machines.count) · calls \(simulator.ledger.count) · refused by rate limits \(refused) · \
            calls outside of the contract \(violations.count) · leaks \(leaks.count) · daemon's exit code \(exitCode)
            """)
        for leak in leaks { Swift.print("    leaked: \(leak)") }
        for violation in violations { Swift.print("    \(violation)") }
        return leaks.isEmpty && violations.isEmpty && exitCode == 0
    }

    private func printDroplet() {
        Swift.print(
            "\n  " + "on the droplet".padding(toLength: 72, withPad: " ", startingAt: 0)
                + " seconds   steps  a gateway silent, s")
        for act in dropletActs {
            let title = act.title.padding(toLength: 72, withPad: " ", startingAt: 0)
            let silence = act.silence.map { String(format: "%21.1f", $0) } ?? ""
            Swift.print("  \(title)" + String(format: "%8.1f%8d", act.seconds, act.steps) + silence)
        }
    }
}
