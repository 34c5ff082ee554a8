import Foundation
import Support
import Testing
import Vendors

@testable import Reconcilers

/// The survey's decisions as values, over generated fleets.
@Suite struct SurveyDecisionTests {
    static let row = UUID()

    static func expected(runs: Bool = true, isDeleting: Bool = false, instanceID: String? = "01A") -> ExpectedMachine {
        ExpectedMachine(
            row: row, app: "app", runs: runs, instanceID: instanceID, isDeleting: isDeleting, profile: "p")
    }

    static func listed(
        _ state: String, app: String = "app", owner: String? = nil, instanceID: String = "01A", host: String? = nil
    ) -> FlyListedMachine {
        FlyListedMachine(
            FlyListedObject(id: "1857156b526dd8", app: app, name: "n", state: state, region: "iad"),
            instanceID: instanceID, hostStatus: host, owner: owner)
    }

    @Test func agreementWakesNobody() {
        let owner = Self.row.uuidString.lowercased()
        #expect(MachineDrift.between(Self.expected(), Self.listed("started", owner: owner)) == nil)
        #expect(MachineDrift.between(Self.expected(), Self.listed("started")) == nil)
        #expect(MachineDrift.between(Self.expected(instanceID: nil), Self.listed("started")) == nil)
        #expect(MachineDrift.between(Self.expected(runs: false), Self.listed("stopped")) == nil)
        #expect(MachineDrift.between(Self.expected(runs: false), Self.listed("suspended")) == nil)
    }

    @Test(arguments: [
        ("stopped", MachineDrift.notStarted), ("created", .notStarted), ("suspended", .notStarted),
        ("failed", .failed), ("destroyed", .gone), ("destroying", .gone), ("replacing", .passing),
        ("something new", .passing), ("", .passing),
    ])
    func aMachineThatShallRunAndDoesNotIsDrift(state: String, drift: MachineDrift) {
        #expect(MachineDrift.between(Self.expected(), Self.listed(state)) == drift)
    }

    @Test func everyOtherContradictionIsNamed() {
        let one = Self.expected()
        #expect(MachineDrift.between(one, Self.listed("started", app: "other")) == .otherApp)
        #expect(MachineDrift.between(one, Self.listed("started", owner: UUID().uuidString)) == .otherOwner)
        #expect(MachineDrift.between(one, Self.listed("started", host: "unreachable")) == .hostDown)
        #expect(MachineDrift.between(one, Self.listed("started", instanceID: "01B")) == .otherVersion)
        #expect(MachineDrift.between(Self.expected(runs: false), Self.listed("started")) == .notStopped)
        #expect(MachineDrift.between(Self.expected(isDeleting: true), Self.listed("started")) == .undeleted)
    }

    @Test(arguments: [
        (0, 0, false), (1, 1, false), (3, 3, false), (4, 4, true), (10, 3, false), (10, 4, true), (100, 20, false),
        (100, 21, true), (10_000, 2000, false), (10_000, 2001, true), (10_000, 10_000, true),
    ])
    func aLargeDropIsNotBelieved(known: Int, missing: Int, isDropped: Bool) {
        let share = SurveySettings().believableDrop
        let verdict = Population.judge(known: known, missing: missing, accepted: 0, believable: share)
        #expect((verdict == .dropped) == isDropped)
    }

    @Test func anOperatorsWordCoversWhatItWasGivenForAndNoMore() {
        let share = SurveySettings().believableDrop
        #expect(Population.judge(known: 100, missing: 40, accepted: 40, believable: share) == .believable)
        #expect(Population.judge(known: 100, missing: 41, accepted: 40, believable: share) == .dropped)
        #expect(Population.remaining(accepted: 40, missing: 30, known: 100, believable: share) == 30)
        #expect(Population.remaining(accepted: 40, missing: 20, known: 100, believable: share) == 0)
    }

    @Test func repairsStayWithinTheirShareOfEachGroup() {
        var seed = Seed()
        for _ in 0..<300 {
            let groups = ["a": Int.random(in: 1...500, using: &seed), "b": Int.random(in: 1...50, using: &seed)]
            let needs = groups.flatMap { name, size in
                (0..<Int.random(in: 0...size, using: &seed)).map { _ in
                    Repairs.Need(
                        row: Self.random(&seed), profile: name,
                        isUnderway: Int.random(in: 0..<4, using: &seed) == 0)
                }
            }
            let share = SurveySettings().blastRadius
            let repairs = Repairs.choose(among: needs, groups: groups, share: share)
            for (name, size) in groups {
                let members = needs.filter { $0.profile == name }
                let underway = members.filter(\.isUnderway)
                let allowed = members.filter { repairs.allowed.contains($0.row) }
                #expect(allowed.allSatisfy { !$0.isUnderway })
                #expect(allowed.count + min(underway.count, share.of(size)) <= share.of(size))
                #expect((repairs.held[name] ?? 0) == max(0, members.count - share.of(size)))
            }
            #expect(
                Repairs.choose(among: needs.shuffled(using: &seed), groups: groups, share: share) == repairs,
                "the same machines whatever the order")
        }
    }

    @Test func idsFitInEightBytes() {
        var seed = Seed()
        var numbers: Set<FlyNumber> = []
        var ids: Set<String> = []
        for _ in 0..<20_000 {
            let value = UInt64.random(in: 0..<(1 << 56), using: &seed)
            let hex = String(value, radix: 16)
            let id = String(repeating: "0", count: 14 - hex.count) + hex
            ids.insert(id)
            ids.insert("vol_" + id)
        }
        for id in ids { numbers.insert(FlyNumber(id)) }
        #expect(numbers.count == ids.count)
        #expect(FlyNumber("1857156b526dd8").value == 0x18_5715_6b52_6dd8)
    }

    static func random(_ seed: inout Seed) -> UUID {
        let one = seed.next()
        let other = seed.next()
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: one >> ($0 * 8)) }
        let more = (0..<8).map { UInt8(truncatingIfNeeded: other >> ($0 * 8)) }
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], more[0], more[1],
                more[2], more[3], more[4], more[5], more[6], more[7]
            ))
    }
}
