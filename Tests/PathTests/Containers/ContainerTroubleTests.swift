import Foundation
import Postgres
import Simulators
import Support
import Testing
import Vendors

/// Whatever is in the way is named by a condition, and the container that runs stays.
@Suite struct ContainerTroubleTests {
    /// The PA as it runs serves on, on the image that it had.
    private func expectUntouched(_ lane: ContainerLane, _ before: DockerSimulator.ContainerSnapshot) {
        let now = lane.docker.container("pa-ada")
        #expect(now?.id == before.id && now?.gateway == .serving(port: 19100))
    }

    @Test(
        arguments: [
            ("ImagePullFailed", nil), ("DiskFull", .diskFull), ("ImagePullFailed", .unreachable),
            ("ImagePullFailed", .status(500, "unauthorized: authentication required")),
        ] as [(String, DockerSimulator.PullFailure?)])
    func anImageThatCannotBePulledIsNamed(_ reason: String, _ failure: DockerSimulator.PullFailure?) async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            let image = failure == nil ? "ghcr.io/openclaw/openclaw:none" : ContainerLane.newImage
            lane.docker.failPulls(of: image, failure)
            try await lane.change(pa, "image = \(image)")
            try await lane.settle(pa, reason, lasting: 0.5)
            expectUntouched(lane, before)
            guard failure != nil else { return }
            lane.docker.failPulls(of: image, nil)
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.container("pa-ada")?.image == image)
        }
    }

    @Test func aPortThatSomebodyHasIsWaitedFor() async throws {
        func occupy(_ lane: ContainerLane) async throws {
            lane.docker.publish(.init("somebody:1"), isLocal: true)
            var spec = DockerContainerSpec(
                name: "somebody", image: "somebody:1", command: ["serve", "--port", "19100"])
            spec.host.network = .host
            try await lane.bystander.startContainer(try await lane.bystander.createContainer(spec).id)
        }
        try await ContainerLane.run(from: "PortInUse", prepare: occupy) { lane, pa in
            #expect(lane.docker.container("somebody")?.isRunning == true)
            lane.docker.removeContainer("somebody")
            try await lane.settle(pa, "Running")
        }
    }

    @Test func aForeignContainerUnderOurNameIsNotTouched() async throws {
        func place(_ lane: ContainerLane) async throws {
            lane.docker.publish(.init("somebody:1"), isLocal: true)
            let spec = DockerContainerSpec(name: "pa-ada", image: "somebody:1", command: ["serve"])
            try await lane.bystander.startContainer(try await lane.bystander.createContainer(spec).id)
        }
        try await ContainerLane.run(from: "ForeignContainer", prepare: place) { lane, pa in
            #expect(lane.docker.containers().map(\.image) == ["somebody:1"])
            #expect(lane.docker.container("pa-ada")?.isRunning == true)
            try await lane.bystander.renameContainer("pa-ada", to: "somebody")
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.container("somebody")?.isRunning == true)
        }
    }

    @Test func aDataFolderThatIsGoneIsNotMadeAgain() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            for path in [ContainerLane.dataPath, ContainerLane.dataPath + "/openclaw.json"] {
                lane.docker.setHostFile(path, nil)
            }
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            let told = try await lane.settle(pa, "DataMissing")
            #expect(told.message?.contains(ContainerLane.dataPath) == true)
            #expect(lane.docker.container("pa-ada")?.id == before.id)
            #expect(lane.docker.hostFile(ContainerLane.dataPath) == nil)
        }
    }

    @Test func aConfigThatIsNoJSONIsNotOverwritten() async throws {
        try await ContainerLane.run { lane, pa in
            let path = ContainerLane.dataPath + "/openclaw.json"
            lane.docker.setHostFile(path, .init("{ mine", uid: 1000, gid: 1000, mode: 0o600))
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            try await lane.settle(pa, "ConfigUnreadable")
            #expect(lane.docker.container("pa-ada")?.isRunning == true)
            #expect(lane.docker.hostFile(path)?.text == "{ mine")
        }
    }

    @Test func whatWasChangedByHandIsPutRight() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            try await lane.bystander.renameContainer("pa-ada", to: "mine")
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.containers().map(\.name) == ["pa-ada"])
            expectUntouched(lane, before)

            try await lane.bystander.updateContainer("pa-ada", DockerLimits(), restart: .always)
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.containers().map(\.name) == ["pa-ada"])
            #expect(lane.docker.container("pa-ada")?.id != before.id)

            lane.docker.removeContainer("pa-ada")
            try await lane.wake(pa)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.gateway(of: "pa-ada") == .serving(port: 19100))
        }
    }

    @Test(arguments: [true, false]) func dockerRestartsInTheMiddle(keepsContainers: Bool) async throws {
        try await ContainerLane.run { lane, pa in
            lane.docker.onCall { call, phase in
                guard call.action == "start-container", phase == .before else { return .proceed }
                lane.docker.onCall(nil)
                lane.docker.restartDaemon(for: .milliseconds(50), keepsContainers: keepsContainers)
                return .refuseAndClose
            }
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            try await lane.settle(pa, "Running")
            #expect(lane.docker.containers().map(\.image) == [ContainerLane.newImage])
        }
    }

    @Test func aGatewayThatIsUnwellIsRestartedAFewTimes() async throws {
        try await ContainerLane.run { lane, pa in
            lane.docker.behave(.init(.neverHealthy, container: "pa-ada"))
            try await lane.bystander.restartContainer("pa-ada", graceSeconds: 0)
            lane.docker.clearLedger()
            try await lane.wake(pa)
            try await lane.settle(pa, "RestartLimit", lasting: 100)
            #expect(lane.docker.calls("restart-container").count == 3)
            #expect(try await lane.standing(pa).status == "error")
            lane.docker.behave(.init(.runs, container: "pa-ada"))
            try await lane.change(pa, "restart_requested_at = converged.now()")
            try await lane.settle(pa, "Running")
        }
    }
}
