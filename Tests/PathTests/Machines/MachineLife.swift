import Foundation
import Postgres
import Simulators
import Support
import Testing
import Vendors

/// One machine on a lane of its own with a living daemon, for tests that look at what becomes of it.
struct MachineLife: Sendable {
    let lane: FlyLane
    let machine: UUID

    /// - Parameters:
    ///   - prepared: closed at the end; nil: a fresh one.
    ///   - columns: further columns of the row, `(name, SQL literal)`.
    static func run(
        on prepared: FlyLane? = nil, profile: String = "automna", set columns: [(String, String)] = [],
        _ body: (MachineLife) async throws -> Void
    ) async throws {
        let lane = if let prepared { prepared } else { try await FlyLane.open() }
        let machine = try await lane.insertMachine(profile: profile, set: columns)
        let daemon = DaemonLife.start(lane)
        let result: Result<Void, any Error>
        do { result = .success(try await body(MachineLife(lane: lane, machine: machine))) } catch {
            result = .failure(error)
        }
        try await daemon.end()
        #expect(lane.fly.violations.isEmpty, "\(lane.fly.violations)")
        try await lane.close()
        try result.get()
    }

    /// Waits for the status, with time passing whenever nothing is due.
    func reaches(_ status: String, looks: Int = 0) async throws {
        _ = try await lane.settle(machine, status, looks: looks)
    }

    /// Waits for the reason of the condition Ready.
    func shows(_ reason: String, type: String = "Ready") async throws {
        try await eventually("\(type) shows \(reason)", within: .seconds(90)) {
            let now = try await lane.standing(machine)
            if try await self.reason(type) == reason, now.jobState != "running" { return true }
            if now.pendingWakes == 0, now.jobState == "ready", let wait = now.waitSeconds, wait > 0.02, wait < 4000 {
                try await lane.pass(.seconds(wait))
            }
            return false
        }
    }

    func reason(_ type: String = "Ready") async throws -> String? {
        try await lane.admin.query(
            "select reason from converged.conditions where key = \(key) and kind = 'machine' and type = \(type)"
        ).first?.decode(0)
    }

    /// Changes the row as the web app would.
    func change(_ assignments: SQL) async throws {
        var update: SQL = "update converged.machines set "
        update.append(assignments)
        update.append(" where id = \(machine)")
        try await lane.admin.query(update)
    }

    func column(_ name: String) async throws -> String? {
        try await lane.admin.query("select \(raw: name)::text from converged.machines where id = \(machine)")
            .first?.decode(0)
    }

    var key: String { machine.uuidString.lowercased() }

    /// Wakes the key and waits until the vendor was asked.
    func resync(_ status: String) async throws {
        let looks = lane.fly.calls("get-machine").count
        try await lane.wake(machine)
        try await reaches(status, looks: looks + 1)
    }

    /// The machine as the vendor shows it.
    func vendorMachine() async throws -> FlyMachine {
        let app = try #require(try await column("fly_app"))
        let id = try #require(try await column("fly_machine_id"))
        return try await lane.inspector.getMachine(app: app, id: id)
    }
}
