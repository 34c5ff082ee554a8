import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What changes behind the daemon's back is found by a survey and mended; the same volume carries on.
@Suite struct DriftTests {
    /// A settled assistant, changed by `meddle` and settled again.
    private func mend(
        _ platform: Platform, _ meddle: (FlySimulator.MachineSnapshot) -> Bool,
        until isMended: (FlySimulator.MachineSnapshot) -> Bool
    ) async throws -> (before: FlySimulator.MachineSnapshot, after: FlySimulator.MachineSnapshot) {
        try await platform.startDaemon()
        let assistant = try await platform.signUp()[0]
        try await platform.awaitSettled(assistant)
        // Young machines may be missing in a list that lags.
        try await platform.skip(.seconds(300))
        let before = try platform.machine(assistant)
        let volume = try platform.volume(assistant)
        #expect(meddle(before))
        try await eventually("the machine is mended", within: .seconds(30)) {
            platform.fly.liveMachines(app: assistant.app).contains { isMended($0) }
        }
        try await platform.awaitSettled(assistant)
        #expect(try platform.volume(assistant).id == volume.id)
        platform.expectClean([assistant])
        return (before, try platform.machine(assistant))
    }

    @Test func aStoppedMachineIsStarted() async throws {
        try await Platform.run { platform in
            let (before, after) = try await mend(platform) {
                platform.fly.stopMachine($0.id)
            } until: {
                $0.state == "started"
            }
            #expect(after.id == before.id)
            #expect(platform.fly.calls("start-machine").count == 1)
        }
    }

    @Test func aFailedMachineIsStarted() async throws {
        try await Platform.run { platform in
            let (before, after) = try await mend(platform) {
                platform.fly.failMachine($0.id)
            } until: {
                $0.state == "started"
            }
            #expect(after.id == before.id)
        }
    }

    @Test func aDestroyedMachineIsMadeAnewOnItsVolume() async throws {
        try await Platform.run { platform in
            let (before, after) = try await mend(platform) {
                platform.fly.destroyMachine($0.id)
            } until: {
                $0.state == "started"
            }
            #expect(after.id != before.id)
            #expect(after.volume == before.volume)
            #expect(after.config["env"] == before.config["env"])
        }
    }

    @Test func anEditedEnvironmentIsPutBack() async throws {
        try await Platform.run { platform in
            let (before, after) = try await mend(platform) { machine in
                platform.fly.editMachine(machine.id) { $0["env"]?["OPENCLAW_GATEWAY_TOKEN"] = "somebody's" }
            } until: {
                $0.config["env"]?["OPENCLAW_GATEWAY_TOKEN"] != "somebody's"
            }
            #expect(after.id == before.id)
            #expect(after.config["env"] == before.config["env"])
        }
    }

    @Test func aWrongImageIsReplaced() async throws {
        try await Platform.run { platform in
            let (before, after) = try await mend(platform) { machine in
                platform.fly.editMachine(machine.id) { $0["image"] = "registry-1.docker.io/library/nginx:latest" }
            } until: {
                $0.image == "ghcr.io/openclaw/openclaw:2026.2.22"
            }
            #expect(after.id == before.id)
        }
    }

    @Test func aSickMachineIsRestartedWhenItStaysSick() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_FLY_CHECKUPS_PER_SURVEY"] = "20"
        try await Platform.run(options) { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            let machine = try platform.machine(assistant)
            platform.fly.setChecks(machine.id, "critical")
            try await platform.awaitReason("Unhealthy", of: assistant)
            #expect(platform.fly.calls("restart-machine").isEmpty, "a failing check is endured for a while")
            #expect(try await platform.condition(assistant.key, "Healthy")?.status == "False")
            try await platform.skip(.seconds(130))
            try await eventually("it is restarted") { platform.fly.calls("restart-machine").count == 1 }
            platform.fly.setChecks(machine.id, nil)
            try await platform.skip(.seconds(20))
            try await platform.awaitSettled(assistant)
            #expect(try await platform.condition(assistant.key, "Healthy")?.status == "True")
            #expect(try await platform.column("repairs", of: assistant) == "1")
        }
    }

    /// No list shows hosts: a checkup finds it.
    @Test func aMachineOnAnUnreachableHostIsNotTouched() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_FLY_CHECKUPS_PER_SURVEY"] = "20"
        try await Platform.run(options) { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            try await platform.skip(.seconds(300))
            let machine = try platform.machine(assistant)
            platform.fly.clearLedger()
            platform.fly.setHostUnreachable(machine.id)
            try await platform.awaitReason("HostUnreachable", of: assistant)
            try await platform.change(assistant, "image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            try await platform.awaitReason("HostUnreachable", of: assistant)
            try await platform.awaitSurveys(2)
            #expect(platform.mutations.map(\.description) == [])
            #expect(try await platform.condition(assistant.key)?.status == "Unknown")

            platform.fly.setHostUnreachable(machine.id, false)
            try await platform.skip(.seconds(70))
            try await platform.awaitSettled(assistant)
            #expect(try platform.machine(assistant).image == "ghcr.io/openclaw/openclaw:2026.3.1")
            #expect(try platform.machine(assistant).id == machine.id)
        }
    }
}
