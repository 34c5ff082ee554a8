import Dispatch
import Foundation
import Postgres
import Support
import Synchronization
import Testing

@testable import Operator

/// Which DNS records are wanted, and how they stand.
@Suite struct DNSVerbTests {
    @Test func aRecordIsRightOnlyWithItsOneAddress() {
        let wanted = WantedName(name: "ada.team.example.com", address: "203.0.113.10")
        let cases: [(NameAnswer, NameCheck.State, String)] = [
            (.addresses(["203.0.113.10"]), .ok, ""),
            (.addresses(["203.0.113.10", "203.0.113.11"]), .wrong, "remove all addresses but 203.0.113.10"),
            (.addresses(["203.0.113.11"]), .wrong, "it has to lead to 203.0.113.10"),
            (.addresses([]), .missing, "enter it at the DNS provider"),
            (.none, .missing, "enter it at the DNS provider"),
            (
                .silence("no answer within 5000 ms"), .unknown,
                "no answer within 5000 ms: nothing is known of it, ask again"
            ),
        ]
        for (answer, state, advice) in cases {
            let check = NameCheck(wanted, answer)
            #expect(check.state == state && check.advice == advice, "\(answer)")
        }
    }

    @Test func silenceAloneIsWorthAnotherTryAndAbsenceNeedsAPerson() {
        #expect(NameCheck.exit(for: []) == .ok)
        #expect(NameCheck.exit(for: [.ok, .ok]) == .ok)
        #expect(NameCheck.exit(for: [.ok, .unknown]) == .temporary)
        #expect(NameCheck.exit(for: [.unknown, .missing]) == .attention)
        #expect(NameCheck.exit(for: [.wrong, .ok]) == .attention)
    }

    @Test func wantedRecordsAreListedWithoutAskingAnybody() async throws {
        try await Office.open { office in
            #expect(try await office.read { try await $0.listNames(NameFilter()) }.text == "none\n")
            try await office.rentDroplets()
            let (exit, text) = try await office.read { try await $0.listNames(NameFilter()) }
            #expect(exit == .ok)
            #expect(
                text == """
                    NAME                        TYPE  VALUE         FOR                          DROPLET
                    bob.beta.example.com        A     203.0.113.11  pa/bob                       fleet-beta
                    ada.team.example.com        A     203.0.113.10  pa/ada                       fleet-alpha
                    crm-alpha.team.example.com  A     203.0.113.10  service/twenty-alpha-server  fleet-alpha

                    """)
            let (_, some) = try await office.ask { try await $0.listNames(NameFilter(domain: "team.example.com")) }
            #expect(some.items.map { $0["object"].text } == ["pa/ada", "service/twenty-alpha-server"])
            #expect(some.items[0]["state"] == .null)
            let (_, beta) = try await office.ask { try await $0.listNames(NameFilter(droplet: "fleet-beta")) }
            #expect(beta.items.map { $0["name"].text } == ["bob.beta.example.com"])
            let unknown = await #expect(throws: VerbError.self) {
                try await office.read { try await $0.listNames(NameFilter(droplet: "fleet-gamma")) }
            }
            #expect(unknown?.exit == .unknown)
        }
    }

    @Test func eachRecordIsLookedUpOnceAndSaysHowItStands() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            for number in 0..<20 {
                try await office.operators.query("update converged.droplets set most_pas = 40")
                try await office.operators.query(
                    "insert into converged.pas (name, team) values (\("n\(number)"), 'alpha')")
            }
            let asked = Mutex<[String]>([])
            let (exit, list) = try await office.ask {
                try await $0.checkNames(NameFilter()) { name in
                    asked.withLock { $0.append(name) }
                    return switch name {
                    case "ada.team.example.com": .none
                    case "bob.beta.example.com": .addresses(["203.0.113.11"])
                    case "crm-alpha.team.example.com": .silence("no answer within 5000 ms")
                    default: .addresses(["203.0.113.10"])
                    }
                }
            }
            #expect(exit == .attention && list.items.count == 23)
            #expect(asked.withLock { $0.sorted() } == list.items.compactMap { $0["name"].text }.sorted())
            let states = Dictionary(grouping: list.items) { $0["state"].line }.mapValues {
                $0.compactMap { $0["name"].text }
            }
            #expect(
                states["missing"] == ["ada.team.example.com"] && states["unknown"] == ["crm-alpha.team.example.com"])
            #expect(states["ok"]?.count == 21 && states["wrong"] == nil)
            let (later, text) = try await office.read {
                try await $0.checkNames(NameFilter(droplet: "fleet-beta")) { _ in .addresses(["127.0.0.9"]) }
            }
            #expect(later == .attention)
            #expect(text.contains("wrong  127.0.0.9  it has to lead to 203.0.113.11"))
        }
    }

    @Test func theHostsResolverAnswersAndTimeRunsOut() async {
        #expect(await Resolver().lookUp("localhost") == .addresses(["127.0.0.1"]))
    }

    /// Sixteen look-ups hang, more than the cooperative pool has threads: the test itself goes on and lets them end.
    @Test func aLookUpThatHangsIsLeftToItself() async {
        let gate = DispatchSemaphore(value: 0)
        let resolver = Resolver(timeoutMs: 50) { _ in
            gate.wait()
            return .addresses(["203.0.113.10"])
        }
        let answers = await withTaskGroup(of: NameAnswer.self) { group in
            for number in 0..<16 { group.addTask { await resolver.lookUp("n\(number).example.com") } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers == Array(repeating: .silence("no answer within 50 ms"), count: 16))
        for _ in 0..<16 { gate.signal() }
    }
}
