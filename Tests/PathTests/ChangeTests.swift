import Foundation
import Postgres
import Simulators
import Support
import Testing

/// A changed row becomes a changed machine.
@Suite struct ChangeTests {
    @Test func everyChangedWishReachesTheSameMachine() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            let before = try platform.machine(assistant)
            func change(_ assignments: String) async throws -> FlySimulator.MachineSnapshot {
                try await platform.change(assistant, assignments)
                try await platform.awaitSettled(assistant)
                let machine = try platform.machine(assistant)
                #expect(machine.id == before.id)
                #expect(machine.state == "started")
                return machine
            }

            var machine = try await change("image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            #expect(machine.image == "ghcr.io/openclaw/openclaw:2026.3.1")
            machine = try await change("cpus = 2, memory_mb = 4096")
            #expect(machine.config["guest"] == ["cpu_kind": "shared", "cpus": 2, "memory_mb": 4096])
            machine = try await change(#"env = '{"LANG": "de_DE.UTF-8"}', config = '{"tools": {"browser": false}}'"#)
            #expect(machine.config["env"]?["LANG"] == "de_DE.UTF-8")
            #expect(machine.config["env"]?["OPENCLAW_CONFIG"]?.string?.contains("browser") == true)
            machine = try await change("env = '{}', volume_gb = 3")
            #expect(machine.config["env"]?["LANG"] == nil)
            #expect(try platform.volume(assistant).sizeGB == 3)
            #expect(machine.config["env"]?["OPENCLAW_GATEWAY_TOKEN"] == before.config["env"]?["OPENCLAW_GATEWAY_TOKEN"])
            platform.expectClean([assistant])
        }
    }

    @Test func aMachineStopsStartsAndRestartsOnDemand() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)

            try await platform.change(assistant, "desired_state = 'stopped'")
            try await platform.awaitSettled(assistant, "stopped")
            #expect(try platform.machine(assistant).state == "stopped")
            try await platform.change(assistant, "desired_state = 'running'")
            try await platform.awaitSettled(assistant)
            #expect(try platform.machine(assistant).state == "started")

            try await platform.change(assistant, "restart_requested_at = converged.now()")
            try await eventually("the restart is answered") {
                try await platform.column("restarted_at = restart_requested_at", of: assistant) == "true"
            }
            try await platform.awaitSettled(assistant)
            #expect(platform.fly.calls("restart-machine").count == 1)
            #expect(try platform.machine(assistant).state == "started")
        }
    }

    @Test(arguments: ["automna", "molt"]) func aDeletedRowGoesWhenNothingIsLeft(profile: String) async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(2, profile: profile)
            try await platform.awaitSettled(assistants)
            try await platform.change(assistants[0], "deleted_at = converged.now()")
            try await platform.awaitReleased([assistants[0]])

            #expect(platform.fly.liveMachines().map(\.name) == [assistants[1].machineName])
            #expect(platform.fly.liveVolumes().map(\.name) == ["data_\(assistants[1].shortID)"])
            #expect(platform.fly.app(assistants[1].app) != nil)
            if profile == "automna" { #expect(platform.fly.app(assistants[0].app) == nil) }
            #expect(try await platform.condition(assistants[0].key) == nil)
            let events = try await platform.count(
                "select count(*) from converged.events where key = \(assistants[0].key) and reason = 'Deleted'")
            #expect(events == 1)
            platform.expectClean([assistants[1]])
        }
    }

    /// A tombstone in the middle of provisioning: whatever was made by then goes, too.
    @Test func aDeletionOvertakesTheProvisioning() async throws {
        try await Platform.run { platform in
            let assistants = try await platform.signUp(3)
            let gate = Gate()
            platform.fly.onCall { call, phase in
                if phase == .before, call.action == "create-machine" { await gate.pass() }
                return .proceed
            }
            try await platform.startDaemon()
            try await gate.awaitArrivals(3)
            for assistant in assistants { try await platform.change(assistant, "deleted_at = converged.now()") }
            await gate.open()
            try await platform.awaitReleased(assistants)
            #expect(platform.fly.leaks(expectedApps: []) == [])
            #expect(platform.fly.liveVolumes().isEmpty)
        }
    }
}
