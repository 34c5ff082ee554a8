import Foundation
import Postgres
import Simulators
import Support
import Testing
import Vendors

/// What others do to a machine behind the daemon's back is found at the next look and repaired.
@Suite struct MachineDriftTests {
    @Test func aStoppedAFailedAndAnEditedMachineAreMended() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let machine = try await life.vendorMachine()
            life.lane.fly.stopMachine(machine.id)
            try await life.resync("running")
            life.lane.fly.failMachine(machine.id)
            try await life.resync("running")
            life.lane.fly.editMachine(machine.id) { $0["image"] = "registry-1.docker.io/library/nginx:latest" }
            try await life.resync("running")
            let mended = try await life.vendorMachine()
            #expect(mended.id == machine.id)
            #expect(mended.state == "started")
            #expect(mended.config == machine.config)
        }
    }

    @Test func aDestroyedMachineComesBackOnItsVolume() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let before = try await life.vendorMachine()
            life.lane.fly.destroyMachine(before.id)
            try await life.resync("running")
            let after = try await life.vendorMachine()
            #expect(after.id != before.id)
            #expect(after.config?.mounts == before.config?.mounts)
            #expect(after.config?.env == before.config?.env)
            #expect(life.lane.fly.calls("create-volume").count == 1)
        }
    }

    @Test func aMachineWithoutItsVolumeIsMadeAnewOnIt() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let before = try await life.vendorMachine()
            life.lane.fly.editMachine(before.id) { $0["mounts"] = [] }
            life.lane.fly.detachVolume(try #require(before.config?.mounts?.first?.volume))
            try await life.resync("running")
            let after = try await life.vendorMachine()
            #expect(after.id != before.id)
            #expect(after.config?.mounts?.first?.volume == before.config?.mounts?.first?.volume)
            #expect(life.lane.fly.calls("create-volume").count == 1)
        }
    }

    @Test func aLostVolumeIsLeftToAPerson() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let before = try await life.vendorMachine()
            life.lane.fly.destroyMachine(before.id)
            life.lane.fly.deleteVolume(try #require(before.config?.mounts?.first?.volume))
            try await life.lane.wake(life.machine)
            try await life.shows("VolumeLost")
            #expect(try await life.column("status") == "error")
            #expect(life.lane.fly.calls("create-volume").count == 1)
            // The runbook's way to accept the loss.
            try await life.change(
                "fly_volume_id = null, volume_asked_at = null, fly_machine_id = null, machine_asked_at = null")
            try await life.lane.wake(life.machine)
            try await life.reaches("running")
            #expect(life.lane.fly.calls("create-volume").count == 2)
        }
    }

    @Test func aFailingCheckIsRestartedThreeTimesAndThenTold() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let id = try await life.vendorMachine().id
            life.lane.fly.onCall { [fly = life.lane.fly] call, phase in
                // A restart does not help.
                if phase == .after, call.action == "restart-machine" { fly.setChecks(id, "critical") }
                return .proceed
            }
            life.lane.fly.setChecks(id, "critical")
            try await life.lane.wake(life.machine)
            try await life.shows("Unhealthy", type: "Healthy")
            try await life.shows("RestartLimit")
            #expect(life.lane.fly.calls("restart-machine").count == 3)
            #expect(try await life.column("status") == "error")
            life.lane.fly.onCall(nil)
            life.lane.fly.setChecks(id, nil)
            try await life.reaches("running")
        }
    }

    @Test func nothingIsDoneToAMachineWhoseHostIsAway() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let id = try await life.vendorMachine().id
            life.lane.fly.setHostUnreachable(id)
            life.lane.fly.clearLedger()
            try await life.change("image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            try await life.shows("HostUnreachable")
            #expect(life.lane.fly.ledger.filter(\.mutating).isEmpty)
            life.lane.fly.setHostUnreachable(id, false)
            try await life.reaches("running")
        }
    }
}
