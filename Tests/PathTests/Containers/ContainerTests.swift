import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

/// A row of `pas` is enough: what becomes of it on a droplet, with a daemon and a Docker that are both there.
@Suite struct ContainerTests {
    @Test func aRowBecomesAContainerOfTheFleetsStandard() async throws {
        try await ContainerLane.run { lane, pa in
            let ada = try #require(lane.docker.container("pa-ada"))
            #expect(ada.isRunning && ada.image == ContainerLane.image)
            #expect(ada.environment["OPENCLAW_PREFER_PNPM"] == "1" && ada.environment["NODE_ENV"] == "production")
            #expect(ada.binds == ["\(ContainerLane.dataPath):/home/node/.openclaw"])
            #expect(ada.labels["converged.owner"] == "pa/\(pa.uuidString.lowercased())")
            #expect(ada.gateway == .serving(port: 19100) && ada.marks == ["chromium"])
            let folder = try #require(lane.docker.hostFile(ContainerLane.dataPath))
            #expect(folder.kind == .folder && folder.uid == 1000 && folder.gid == 1000 && folder.mode == 0o700)
            let config = try #require(lane.docker.hostFile(ContainerLane.dataPath + "/openclaw.json"))
            #expect(config.uid == 1000 && config.mode == 0o600)
            let sealed: String = try await lane.admin.query(
                "select gateway_token from converged.pas where id = \(pa)"
            ).scalar()
            let token = String(decoding: try lane.keyRing.open(sealed, for: pa), as: UTF8.self)
            #expect(config.text.contains(token))
            for call in lane.docker.ledger { #expect(!"\(call) \(call.body ?? .null)".contains(token)) }
        }
    }

    @Test func anImageThatWorksTakesOverAfterItsChecklist() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            try await lane.settle(pa, "Running")
            let after = try #require(lane.docker.container("pa-ada"))
            #expect(after.id != before.id && after.image == ContainerLane.newImage && after.marks == ["chromium"])
            #expect(lane.docker.containers().count == 1)
        }
    }

    @Test func anImageThatDoesNotWorkIsRolledBackAndNotTriedAgain() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            try await lane.change(pa, "image = \(ContainerLane.brokenImage)")
            let told = try await lane.settle(pa, "RolledBack")
            #expect(told.message?.contains("exit code 1") == true && told.status == "error")
            #expect(lane.docker.containers().map(\.id) == [before.id])
            #expect(lane.docker.gateway(of: "pa-ada") == .serving(port: 19100))
            let creates = lane.docker.calls("create-container").count
            try await lane.wake(pa)
            try await lane.settle(pa, "RolledBack")
            #expect(lane.docker.calls("create-container").count == creates)
            try await lane.change(pa, "image = \(ContainerLane.newImage)")
            try await lane.settle(pa, "Running")
            #expect(lane.docker.container("pa-ada")?.image == ContainerLane.newImage)
        }
    }

    @Test func itStopsStartsAndRestarts() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            try await lane.change(pa, "restart_requested_at = converged.now()")
            try await lane.settle(pa, "Running")
            #expect(lane.docker.calls("restart-container").count == 1)
            try await lane.change(pa, "desired_state = 'stopped'")
            try await lane.settle(pa, "Stopped")
            #expect(lane.docker.container("pa-ada")?.state == "exited")
            try await lane.change(pa, "desired_state = 'running'")
            try await lane.settle(pa, "Running")
            #expect(lane.docker.container("pa-ada")?.id == before.id)
        }
    }

    @Test func aChangedConfigIsPushedWithoutARecreate() async throws {
        try await ContainerLane.run { lane, pa in
            let before = try #require(lane.docker.container("pa-ada"))
            try await lane.change(pa, #"config = '{"tools": {"deny": ["exec"]}}'"#)
            try await lane.settle(pa, "Running")
            #expect(lane.docker.container("pa-ada")?.id == before.id)
            let config = try #require(lane.docker.hostFile(ContainerLane.dataPath + "/openclaw.json"))
            #expect(config.text.contains(#""deny""#) && config.uid == 1000 && config.mode == 0o600)
        }
    }

    @Test func aDeletedRowLeavesItsDataAndNothingElse() async throws {
        try await ContainerLane.run { lane, pa in
            try await lane.change(pa, "deleted_at = converged.now()")
            try await lane.settle(pa, "gone")
            #expect(lane.docker.containers().isEmpty)
            #expect(lane.docker.hostFile(ContainerLane.dataPath + "/openclaw.json") != nil)
            let told: String = try await lane.admin.query(
                "select message from converged.events where kind = 'pa' and reason = 'Deleted'"
            ).scalar()
            #expect(told.contains(ContainerLane.dataPath) && told.contains("fleet-alpha"))
            #expect(try await lane.admin.query("select from converged.containers").isEmpty)
        }
    }
}
