import Foundation
import Postgres
import Simulators
import Support
import Testing
import Vendors

/// Wrong rows and unwilling vendors: a condition that a person understands, no storm of calls, and healing.
@Suite struct MachineRefusalTests {
    @Test(arguments: [
        ("image", "'not an image'", "InvalidImage", "null"),
        ("region", "'xxx'", "InvalidRegion", "'ord'"),
        ("env", "'{\"AGENTMAIL_API_KEY\": \"x\"}'", "InvalidEnvironment", "'{}'"),
    ])
    func aWrongRowIsBlockedAndHeals(column: String, value: String, reason: String, better: String) async throws {
        try await MachineLife.run(set: [(column, value)]) { life in
            try await life.shows(reason)
            #expect(try await life.column("status") == "error")
            let calls = life.lane.fly.ledger.count
            try await life.lane.pass(.seconds(3600))
            try await life.lane.wake(life.machine)
            try await eventually("the wake is served") { try await life.lane.standing(life.machine).pendingWakes == 0 }
            try await life.shows(reason)
            #expect(
                life.lane.fly.ledger.count <= calls + 2, "a blocked row is no reason to call \(life.lane.fly.ledger)")
            try await life.change("\(raw: column) = \(raw: better)")
            try await life.reaches("running")
        }
    }

    @Test func anUnknownProfileHealsWhenItIsAdded() async throws {
        try await MachineLife.run(profile: "later") { life in
            try await life.shows("UnknownProfile")
            #expect(life.lane.fly.ledger.isEmpty)
            try await life.lane.admin.query(
                """
                insert into converged.machine_profiles
                select (jsonb_populate_record(p, '{"name": "later"}')).*
                from converged.machine_profiles p where name = 'automna'
                """)
            try await life.reaches("running")
        }
    }

    @Test func aNameOfAStrangerIsNotTouched() async throws {
        let lane = try await FlyLane.open()
        try await lane.admin.query(
            "update converged.machine_profiles set app_name = 'taken-app' where name = 'automna'")
        lane.fly.addForeignApp("taken-app")
        try await MachineLife.run(on: lane) { life in
            try await life.shows("NameTaken")
            #expect(try await life.column("status") == "error")
            #expect(life.lane.fly.calls("create-volume").isEmpty && life.lane.fly.calls("delete-*").isEmpty)
            try await life.change("deleted_at = converged.now()")
            try await life.reaches("gone")
            #expect(life.lane.fly.calls("delete-*").isEmpty)
        }
    }

    @Test func aForeignMachineOfOurNameBlocks() async throws {
        let lane = try await FlyLane.open()
        try await lane.admin.query(
            "update converged.machine_profiles set machine_name = 'bot' where name = 'molt'")
        lane.fly.addApp("molt-os-bots", org: lane.fly.org)
        try lane.fly.addStrangerMachine(app: "molt-os-bots", name: "bot")
        try await MachineLife.run(on: lane, profile: "molt") { life in
            try await life.shows("ForeignMachine")
            #expect(life.lane.fly.calls("delete-*").isEmpty && life.lane.fly.calls("update-*").isEmpty)
        }
    }

    @Test func aFullRegionLeadsToTheNextAndLeavesNothingBehind() async throws {
        let lane = try await FlyLane.open()
        lane.fly.inject(.init(.capacityRegion, on: "create-volume"))
        lane.fly.inject(.init(.capacityVolumeHost, on: "create-machine"))
        try await MachineLife.run(on: lane) { life in
            try await life.reaches("running")
            #expect(try await life.column("fly_region") == "ewr")
            let app = try #require(try await life.column("fly_app"))
            _ = try await life.lane.inspector.listVolumes(app: app)
            let volumes = try await life.lane.inspector.listVolumes(app: app).filter { !$0.isGone }
            #expect(volumes.map(\.region) == ["ewr"])
        }
    }

    @Test func whenNoRegionHasRoomItIsToldAndTriedAgain() async throws {
        let lane = try await FlyLane.open()
        lane.fly.inject(.init(.capacityRegion, on: "create-volume", times: nil))
        try await MachineLife.run(on: lane) { life in
            try await life.shows("CapacityExhausted")
            lane.fly.clearFaults()
            try await life.reaches("running")
        }
    }

    @Test(arguments: [
        (FlySimulator.Effect.quota, "create-machine", "QuotaExceeded"),
        (.status(422, body: "{\"error\":\"invalid config.guest\"}"), "create-machine", "SpecRefused"),
        (.unauthorized, "create-app", "VendorUnauthorized"),
        (.empty500, "create-machine", "VendorUnavailable"),
    ])
    func aRefusalIsToldInWords(effect: FlySimulator.Effect, action: String, reason: String) async throws {
        let lane = try await FlyLane.open()
        lane.fly.inject(.init(effect, on: action, times: nil))
        try await MachineLife.run(on: lane) { life in
            try await life.shows(reason)
            #expect(life.lane.fly.calls(action).count <= 3)
            life.lane.fly.clearFaults()
            try await life.change("config = '{\"changed\": true}'")
            try await life.reaches("running")
            #expect(life.lane.fly.calls("create-volume").count == 1)
        }
    }

    @Test func anImageThatCannotBePulledIsToldAndHealsWithABetterOne() async throws {
        try await MachineLife.run(set: [("image", "'ghcr.io/openclaw/nosuchimage:1'")]) { life in
            try await life.shows("ImagePullFailed")
            #expect(try await life.column("status") == "error")
            try await life.change("image = null")
            try await life.reaches("running")
            #expect(life.lane.fly.calls("create-machine").count == 1)
        }
    }

    @Test func aFrozenFleetCreatesNothing() async throws {
        let lane = try await FlyLane.open()
        try await lane.admin.query(
            """
            insert into converged.conditions (kind, key, type, status, reason, since)
            values ('fleet', 'fly', 'Surveyed', 'False', 'PopulationDropped', converged.now())
            """)
        try await MachineLife.run(on: lane) { life in
            try await life.shows("Frozen")
            #expect(life.lane.fly.ledger.filter(\.mutating).isEmpty)
            try await life.lane.admin.query("delete from converged.conditions where kind = 'fleet'")
            try await life.reaches("running")
        }
    }
}
