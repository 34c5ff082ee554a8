import Foundation
import Testing
import Vendors

@testable import Reconcilers

@Suite struct SurveyOrphanTests {
    static func machine(_ id: String, owner: String?, state: String = "started") -> FlyListedMachine {
        FlyListedMachine(
            FlyListedObject(id: id, app: "a", name: "n", state: state, region: "iad"), instanceID: "01A", owner: owner)
    }

    static func volume(_ id: String, state: String = "created") -> FlyListedVolume {
        FlyListedVolume(FlyListedObject(id: id, app: "a", name: "data_abcdef", state: state, region: "iad"))
    }

    @Test func onlyMarkedAndUnclaimedMachinesAreOrphans() {
        let owner = UUID().uuidString
        #expect(Orphan.isOrphan(Self.machine("m1", owner: owner), claim: nil))
        #expect(Orphan.isOrphan(Self.machine("m1", owner: owner), claim: Claim(storedID: "m2")))
        #expect(!Orphan.isOrphan(Self.machine("m1", owner: owner), claim: Claim(storedID: "m1")))
        #expect(!Orphan.isOrphan(Self.machine("m1", owner: owner), claim: Claim(storedID: nil)), "it may be adopted")
        #expect(!Orphan.isOrphan(Self.machine("m1", owner: nil), claim: nil), "not ours")
        #expect(!Orphan.isOrphan(Self.machine("m1", owner: "somebody"), claim: nil), "not a mark of ours")
        #expect(!Orphan.isOrphan(Self.machine("m1", owner: owner, state: "destroyed"), claim: nil))
    }

    @Test func volumesOnTheirWayOutAreNoOrphans() {
        #expect(Orphan.isOrphan(Self.volume("v1"), claim: nil))
        #expect(Orphan.isOrphan(Self.volume("v1"), claim: Claim(storedID: "v2")))
        #expect(!Orphan.isOrphan(Self.volume("v1"), claim: Claim(storedID: nil)))
        #expect(!Orphan.isOrphan(Self.volume("v1", state: "pending_destroy"), claim: nil))
    }

    @Test(arguments: [
        ("automna-u-3f2a9c1e", "data_3f2a9c1e", true), ("automna-u-3f2a9c1e", "data_00000000", false),
        ("molt-os-bots", "data_3f2a9c1e", true), ("molt-os-bots", "postgres", false),
        ("somebody-else", "data_3f2a9c1e", false), ("automna-u-", "data_", false),
        ("automna-u-3F2A9C1E", "data_3F2A9C1E", false), ("molt-os-bots", "data_3f2a9c1e_x", false),
    ])
    func volumesAreOursByTheNamesOfOneProfile(app: String, name: String, isOurs: Bool) {
        let names = FleetNames(profiles: [
            .init(app: NameTemplate("automna-u-{short_id}"), volume: NameTemplate("data_{short_id}")),
            .init(app: NameTemplate("molt-os-bots"), volume: NameTemplate("data_{short_id}")),
        ])
        #expect(names.owns(volume: name, app: app) == isOurs)
    }

    @Test func aSweepTakesOldOnesInSmallNumbersAndOnlyWhenTold() {
        func record(_ id: String, old: Bool = true, sweep: Bool = false, _ type: Orphan.Kind = .machine) -> OrphanRecord
        {
            OrphanRecord(
                orphan: Orphan(type: type, id: id, app: "a", name: "n", region: "iad"), isOld: old, sweep: sweep)
        }
        let records = [
            record("m1"), record("m2", sweep: true), record("m3", old: false, sweep: true), record("m4"),
            record("v1", .volume), record("gone", sweep: true),
        ]
        let seen: Set<String> = ["m1", "m2", "m3", "m4", "v1"]
        let told = OrphanSweep.due(records, seen: seen, sweepsAll: false, limits: [.machine: 10, .volume: 10])
        #expect(told.map(\.id) == ["m2"], "only what an operator marked, past its grace period, and still there")
        let all = OrphanSweep.due(records, seen: seen, sweepsAll: true, limits: [.machine: 2, .volume: 1])
        #expect(all.map(\.id) == ["m1", "m2", "v1"])
        #expect(OrphanSweep.due(records, seen: seen, sweepsAll: true, limits: [:]).isEmpty)
    }

    @Test func aListThatGoesInCirclesIsNotBelieved() throws {
        var pages = PageCursor()
        let start = pages.next()
        let first = try #require(start)
        #expect(first.cursor == nil)
        try pages.turn(from: first, to: "b")
        let further = pages.next()
        let second = try #require(further)
        #expect(second.cursor == "b")
        var circle = pages
        #expect(throws: PageCursor.Endless.self) { try circle.turn(from: second, to: "b") }
        try pages.turn(from: second, to: nil)
        let end = pages.next()
        #expect(end == nil)
    }
}
