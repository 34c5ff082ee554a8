import Foundation
import Postgres
import Reconcilers
import Support
import Testing
import Vendors

/// A change of a row, and what the vendor must show in the end.
struct CrashScenario: Sendable, CustomStringConvertible {
    var description: String
    var profile = "automna"
    /// Assignments to the row of a machine that runs already; nil: the machine is new.
    var change: SQL?
    var status = "running"
    var image = "ghcr.io/openclaw/openclaw:2026.2.22"
    var volumeGB = 1

    static let all = [
        CrashScenario(description: "provision"),
        CrashScenario(
            description: "provision in the shared app", profile: "molt", image: "ghcr.io/clawdbot/clawdbot:latest",
            volumeGB: 10),
        CrashScenario(
            description: "update", change: "image = 'ghcr.io/openclaw/openclaw:2026.3.1', volume_gb = 2",
            image: "ghcr.io/openclaw/openclaw:2026.3.1", volumeGB: 2),
        CrashScenario(description: "stop", change: "desired_state = 'stopped'", status: "stopped"),
        CrashScenario(description: "restart", change: "restart_requested_at = converged.now()"),
        CrashScenario(description: "delete", change: "deleted_at = converged.now()", status: "gone"),
    ]

    /// What is wrong with the outcome; empty: nothing.
    func verify(_ machine: UUID, on lane: FlyLane) async throws -> [String] {
        guard status != "gone" else { return try await verifyAbsence(lane) }
        let rows = try await lane.admin.query(
            "select fly_app, fly_machine_id, fly_volume_id, gateway_token, fly_machine_name from converged.machines where id = \(machine)"
        )
        let (app, machineID, volumeID, sealed, name) =
            try rows[0].decode((String, String?, String?, String?, String).self)
        var wrong: [String] = []
        // The first list after a creation does not show it.
        _ = try await lane.inspector.listMachines(app: app)
        let machines = try await lane.inspector.listMachines(app: app).filter { $0.name == name && !$0.isGone }
        if machines.map(\.id) != [machineID] {
            wrong.append("machines \(machines.map(\.id)), row \(machineID ?? "none")")
        }
        if machines.first?.state != (status == "stopped" ? "stopped" : "started") {
            wrong.append("state \(machines.first?.state ?? "none")")
        }
        if machines.first?.config?.image != image { wrong.append("image \(machines.first?.config?.image ?? "none")") }
        wrong += try await verifyVolumes(app, volumeID, machineID, lane)
        wrong += try await verifyToken(machine, sealed, machines.first?.config?.env ?? [:], lane)
        return wrong
    }

    private func verifyVolumes(
        _ app: String, _ volumeID: String?, _ machineID: String?, _ lane: FlyLane
    ) async throws -> [String] {
        let volumes = try await lane.inspector.listVolumes(app: app).filter { volume in
            !volume.isGone
                && (profile == "automna" || volume.attachedMachineID == machineID || volume.attachedMachineID == nil)
        }
        var wrong: [String] = []
        if volumes.map(\.id) != [volumeID] { wrong.append("volumes \(volumes.map(\.id)), row \(volumeID ?? "none")") }
        if volumes.first?.attachedMachineID != machineID { wrong.append("the volume is not attached") }
        if volumes.first?.sizeGB != volumeGB { wrong.append("\(volumes.first?.sizeGB ?? 0) GB") }
        return wrong
    }

    /// One token for all of a machine's life, and the machine has it.
    private func verifyToken(
        _ machine: UUID, _ sealed: String?, _ env: [String: String], _ lane: FlyLane
    ) async throws -> [String] {
        let tokens: [String] = try await lane.admin.query(
            "select distinct token from tokens_seen where machine = \(machine)"
        ).column(0)
        guard let sealed, tokens == [sealed] else { return ["\(tokens.count) different tokens were stored"] }
        let token = String(decoding: try lane.keyRing.open(sealed, for: machine), as: UTF8.self)
        let isGiven = env["OPENCLAW_GATEWAY_TOKEN"] == token && env["AGENTMAIL_INBOX_ID"] == "swiftfox@mail.automna.ai"
        return isGiven ? [] : ["the machine has another environment"]
    }

    private func verifyAbsence(_ lane: FlyLane) async throws -> [String] {
        let apps = try await lane.inspector.listApps().map(\.name)
        let expected: [String] = try await lane.admin.query(
            "select fly_app from converged.machines where fly_app is not null order by 1"
        ).column(0)
        return Set(apps) == Set(expected) ? [] : ["apps \(apps.sorted()), rows \(expected)"]
    }
}
