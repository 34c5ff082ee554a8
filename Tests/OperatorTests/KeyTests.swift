import Postgres
import Support
import Testing

@testable import Operator

@Suite struct KeyTests {
    @Test func aMachineIsFoundByEveryNameItHas() async throws {
        try await Office.open { office in
            try await office.daemon.query(
                """
                update converged.machines set fly_app = 'automna-u-1d4f06a2', fly_machine_name = 'gateway-1d4f06a2'
                where id::text = \(Office.adasMachine)
                """)
            let verbs = Verbs(database: office.operators, console: Console(format: .json) { _ in })
            for name in [
                Office.adasMachine, Office.adasMachine.uppercased(), "aaaa0001", "automna-u-1d4f06a2",
                "gateway-1d4f06a2",
                "1d4f06a2", "Ada@Example.com",
            ] {
                for prefix in ["", "machine/", "machines/"] {
                    #expect(try await verbs.resolve(prefix + name) == Key(kind: "machine", key: Office.adasMachine))
                }
            }
            #expect(try await verbs.resolve("survey/fly") == Key(kind: "survey", key: "fly"))
            #expect(try await verbs.resolve("fleet/profile/molt").job == Key(kind: "survey", key: "fly"))
            #expect(try await verbs.resolve("fleet/fly") == Key(kind: "fleet", key: "fly"))
        }
    }

    @Test(arguments: [
        ("aaaa", "'aaaa' means 2 machines; name one of:\n  machine/\(Office.adasMachine)  1d4f06a2, ada@example.com"),
        ("aaa", "no machine is called 'aaa'"),
        ("ada@exmple.com", "did you mean ada@example.com?"),
        ("%", "no machine is called '%'"),
        ("mashine/x", "'mashine' is no kind of object; did you mean machine?"),
        ("survey/flyy", "there is no survey/flyy; did you mean fly?"),
        ("fleet/profile/moltt", "did you mean profile/molt?"),
        ("machine/", "'machine/' is no key"),
    ])
    func wrongKeysAreNamed(text: String, expected: String) async throws {
        try await Office.open { office in
            let verbs = Verbs(database: office.operators, console: Console(format: .json) { _ in })
            let error = await #expect(throws: VerbError.self) { try await verbs.resolve(text) }
            #expect(error?.exit == .unknown)
            #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aMachineWhoseRowIsGoneKeepsItsStory() async throws {
        try await Office.open { office in
            try await office.owner.query("delete from converged.machines where id::text = \(Office.adasMachine)")
            let (exit, text) = try await office.read { try await $0.explain(Office.adasMachine) }
            #expect(exit == .ok)
            #expect(text.contains("Requested"))
            #expect(text.contains("waits for: "))
        }
    }

    @Test func kindsAreSingularOrPlural() throws {
        for kind in Kind.allCases {
            #expect(try Kind(named: kind.rawValue) == kind)
            #expect(try Kind(named: kind.plural.uppercased()) == kind)
        }
        #expect(throws: VerbError.self) { try Kind(named: "machinez") }
    }
}
