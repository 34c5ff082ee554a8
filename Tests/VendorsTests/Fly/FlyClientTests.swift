import Foundation
import Logging
import Outbound
import Simulators
import Testing

@testable import Vendors

/// The client against the simulated API.
@Suite struct FlyClientTests {
    static let guest = FlyGuest(cpuKind: "shared", cpus: 1, memoryMB: 512)

    static func withClient(
        _ options: FlySimulator.Options = .init(), budgets: [BudgetName: Budget]? = nil,
        _ body: (FlyClient, FlySimulator) async throws -> Void
    ) async throws {
        let simulator = try await FlySimulator.start(options)
        let generous: [BudgetName: Budget] = [
            "fly": Budget(ratePerSecond: 1000, burst: 1000), "fly/*": Budget(ratePerSecond: 1000, burst: 1000),
        ]
        let outbound = Outbound(OutboundSettings(budgets: budgets ?? generous), logger: Logger(label: "test"))
        let settings = FlySettings(url: simulator.url, org: simulator.org, token: FlyToken(simulator.token))
        do {
            try await body(FlyClient(outbound: outbound, settings: settings), simulator)
        } catch {
            await outbound.close()
            await simulator.stop()
            throw error
        }
        #expect(simulator.violations.isEmpty, "\(simulator.violations)")
        await outbound.close()
        await simulator.stop()
    }

    /// The failure of a call that has to fail.
    static func failure(_ call: () async throws -> some Any) async throws -> FlyError.Kind {
        do {
            _ = try await call()
        } catch let error as FlyError {
            return error.kind
        }
        throw Unexpected()
    }
    struct Unexpected: Error {}

    static func request(_ name: String, image: String = "a/b:1", volume: String? = nil) -> FlyMachineRequest {
        var config = FlyMachineConfig(image: image, guest: guest, metadata: [FlyMark.owner: "row"])
        if let volume { config.mounts = [FlyMount(volume: volume, path: "/data")] }
        return FlyMachineRequest(name: name, region: "iad", config: config)
    }

    @Test func aMachineLivesFromAppToAbsence() async throws {
        try await Self.withClient { fly, _ in
            try await fly.createApp("u-1", network: "u-1")
            #expect(try await fly.getApp("u-1").name == "u-1")
            try await fly.allocateAddress(app: "u-1", .sharedV4)
            try await fly.allocateAddress(app: "u-1", .v6)
            #expect(try await Set(fly.listAddresses(app: "u-1").map(\.kind)) == [.sharedV4, .v6])
            let volume = try await fly.createVolume(
                app: "u-1",
                FlyVolumeRequest(name: "data", region: "iad", sizeGB: 1, encrypted: true, compute: Self.guest))
            #expect(try await fly.listVolumes(app: "u-1").map(\.id) == [volume.id])
            let made = try await fly.createMachine(app: "u-1", Self.request("m", volume: volume.id))
            try await fly.waitMachine(app: "u-1", id: made.id, state: .started, timeoutSeconds: 5)
            let seen = try await fly.getMachine(app: "u-1", id: made.id)
            #expect(seen.state == "started" && seen.config?.metadata?[FlyMark.owner] == "row")
            #expect(try await fly.getVolume(app: "u-1", id: volume.id).attachedMachineID == made.id)

            var config = Self.request("m", image: "a/b:2", volume: volume.id).config
            config.env = ["A": "b"]
            let update = FlyMachineUpdate(config: config, currentVersion: seen.instanceID)
            let updated = try await fly.updateMachine(app: "u-1", id: made.id, update)
            #expect(updated.instanceID != seen.instanceID)
            #expect(
                try await Self.failure { try await fly.updateMachine(app: "u-1", id: made.id, update) }
                    == .staleVersion)
            try await fly.waitMachine(
                app: "u-1", id: made.id, state: .started, version: updated.instanceID, timeoutSeconds: 5)
            try await fly.restartMachine(app: "u-1", id: made.id, timeoutSeconds: 5)
            try await fly.stopMachine(app: "u-1", id: made.id, timeoutSeconds: 5)
            try await fly.waitMachine(
                app: "u-1", id: made.id, state: .stopped, version: updated.instanceID, timeoutSeconds: 5)
            try await fly.startMachine(app: "u-1", id: made.id)
            #expect(try await fly.extendVolume(app: "u-1", id: volume.id, sizeGB: 3).volume?.sizeGB == 3)

            #expect(try await Self.failure { try await fly.deleteVolume(app: "u-1", id: volume.id) } == .conflict)
            try await fly.deleteMachine(app: "u-1", id: made.id)
            try await fly.deleteMachine(app: "u-1", id: made.id)
            #expect(try await fly.getMachine(app: "u-1", id: made.id).isGone)
            try await fly.deleteVolume(app: "u-1", id: volume.id)
            try await fly.deleteApp("u-1")
            try await fly.deleteApp("u-1")
            #expect(try await Self.failure { try await fly.getApp("u-1") } == .notFound)
        }
    }

    @Test func namesThatAreTakenSayByWhom() async throws {
        try await Self.withClient { fly, simulator in
            simulator.addForeignApp("theirs")
            #expect(try await Self.failure { try await fly.getApp("theirs") } == .foreign)
            #expect(try await Self.failure { try await fly.createApp("theirs") } == .nameTaken(existingID: nil))
            try await fly.createApp("ours")
            #expect(try await fly.listApps().map(\.name) == ["ours"])
            let first = try await fly.createMachine(app: "ours", Self.request("m"))
            #expect(
                try await Self.failure { try await fly.createMachine(app: "ours", Self.request("m")) }
                    == .nameTaken(existingID: first.id))
            let found = try await fly.listMachines(app: "ours", metadata: (FlyMark.owner, "row"))
            #expect(found.map(\.id) == [first.id])
            #expect(try await fly.listMachines(app: "ours", metadata: (FlyMark.owner, "other")).isEmpty)
        }
    }

    @Test func aLeaseKeepsOthersOut() async throws {
        try await Self.withClient { fly, simulator in
            try await fly.createApp("a")
            let id = try await fly.createMachine(app: "a", Self.request("m")).id
            try await fly.waitMachine(app: "a", id: id, state: .started, timeoutSeconds: 5)
            let lease = try await fly.acquireLease(app: "a", machine: id, ttlSeconds: 30, description: "test")
            let refused = try await Self.failure { try await fly.stopMachine(app: "a", id: id) }
            guard case .leaseHeld(let until) = refused else {
                Issue.record("\(refused)")
                return
            }
            #expect(until != nil)
            #expect(simulator.violations.map(\.kind) == [.missingNonce])
            simulator.clearLedger()
            let longer = try await fly.refreshLease(lease, ttlSeconds: 60)
            #expect(longer.nonce == lease.nonce)
            try await fly.stopMachine(app: "a", id: id, leaseNonce: longer.nonce)
            try await fly.releaseLease(longer)
            try await fly.startMachine(app: "a", id: id)
        }
    }

    @Test func aLostAnswerIsUnknownForAChangeAndRepeatedForALook() async throws {
        try await Self.withClient { fly, simulator in
            try await fly.createApp("a")
            simulator.inject(.init(.lostReply, on: "create-machine"))
            #expect(
                try await Self.failure { try await fly.createMachine(app: "a", Self.request("m")) } == .outcomeUnknown)
            #expect(try await fly.listMachines(app: "a").count == 1, "it was made all the same")
            simulator.inject(.init(.empty500, on: "create-volume"))
            let volume = FlyVolumeRequest(name: "d", region: "iad", sizeGB: 1, encrypted: true)
            #expect(try await Self.failure { try await fly.createVolume(app: "a", volume) } == .outcomeUnknown)
            simulator.inject(.init(.lostReply, on: "get-app"))
            #expect(try await fly.getApp("a").name == "a")
            simulator.inject(.init(.html502, on: "get-app"))
            #expect(try await fly.getApp("a").name == "a")
            simulator.inject(.init(.rateLimited(retryAfter: nil), on: "create-volume"))
            #expect(try await fly.createVolume(app: "a", volume).name == "d")
        }
    }

    @Test func refusalsOfTheSimulatorAreUnderstood() async throws {
        try await Self.withClient { fly, simulator in
            try await fly.createApp("a")
            func create() async throws -> FlyError.Kind {
                try await Self.failure { try await fly.createMachine(app: "a", Self.request("m")) }
            }
            simulator.inject(.init(.capacityRegion, on: "create-machine"))
            #expect(try await create() == .capacity(.region))
            simulator.inject(.init(.capacityVolumeHost, on: "create-machine"))
            #expect(try await create() == .capacity(.volumeHost))
            simulator.inject(.init(.quota, on: "create-machine"))
            #expect(try await create() == .capacity(.quota))
            simulator.inject(.init(.unauthorized, on: "create-machine"))
            #expect(try await create() == .unauthorized)
            let bad = FlyMachineRequest(name: "b", region: "nowhere", config: Self.request("b").config)
            #expect(try await Self.failure { try await fly.createMachine(app: "a", bad) } == .invalid)
        }
    }

    @Test func aWaitThatEndsTellsTheState() async throws {
        var options = FlySimulator.Options()
        options.bootDelay = .seconds(600)
        try await Self.withClient(options) { fly, _ in
            try await fly.createApp("a")
            let id = try await fly.createMachine(app: "a", Self.request("m")).id
            let kind = try await Self.failure {
                try await fly.waitMachine(app: "a", id: id, state: .started, timeoutSeconds: 1)
            }
            guard case .timedOutWaiting(let state?) = kind else {
                Issue.record("\(kind)")
                return
            }
            #expect(!state.isEmpty)
        }
    }

    @Test func theOrganisationIsReadInPages() async throws {
        var options = FlySimulator.Options()
        options.orgPageSize = 3
        try await Self.withClient(options) { fly, simulator in
            simulator.addApp("a", org: simulator.org)
            var made: Set<String> = []
            for index in 0..<8 {
                made.insert(
                    try simulator.addStrangerMachine(app: "a", name: "m\(index)", metadata: [FlyMark.owner: "o"]))
                try simulator.addStrangerVolume(app: "a", name: "v\(index)")
            }
            var seen: Set<String> = []
            var cursor: String?
            repeat {
                let page = try await fly.orgMachines(cursor: cursor)
                #expect(page.items.allSatisfy { $0.owner == "o" && $0.app == "a" && !$0.instanceID.isEmpty })
                seen.formUnion(page.items.map(\.id))
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen == made)
            #expect(try await fly.orgVolumes(limit: 2).items.count == 2)
            simulator.setErrorRegions(["iad"])
            let broken = try await fly.orgMachines()
            #expect(broken.items.isEmpty && broken.errorRegions == ["iad"])
        }
    }

    /// The limits are the published ones: nothing is ever refused for its rate.
    @Test func theBudgetsKeepWithinThePublishedLimits() async throws {
        var options = FlySimulator.Options()
        options.limits = .documented
        try await Self.withClient(options, budgets: FlyBudgets.standard()) { fly, simulator in
            try await fly.createApp("a")
            let id = try await fly.createMachine(app: "a", Self.request("m")).id
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<14 { group.addTask { _ = try await fly.getMachine(app: "a", id: id) } }
                try await group.waitForAll()
            }
            #expect(simulator.throttled == 0)
            #expect(simulator.calls("get-machine").count == 14)
        }
    }
}
