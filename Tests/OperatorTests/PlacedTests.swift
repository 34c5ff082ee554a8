import Postgres
import Support
import Testing

@testable import Operator

/// why, get, plan, pause and reconcile of what lives on droplets.
@Suite struct PlacedTests {
    @Test func aPAIsFoundByEveryNameItHas() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let ada = try await office.id(of: "ada", in: "pas")
            let verbs = Verbs(database: office.operators, console: Console(format: .json) { _ in })
            let names = ["ada", "Ada", "pa-ada", "ada.team.example.com", ada, ada.uppercased(), String(ada.prefix(8))]
            for name in names {
                for kind in ["pa", "pas"] {
                    let key = try await verbs.resolve("\(kind)/\(name)")
                    #expect(key == Key(kind: "pa", key: ada, jobKind: "pa@fleet-alpha"))
                    #expect(key.job == Key(kind: "pa@fleet-alpha", key: ada))
                    #expect(key.planJob == Key(kind: "plan@fleet-alpha", key: "pa/\(ada)"))
                }
            }
            let droplet = try await verbs.resolve("droplet/fleet-beta")
            #expect(droplet.job == Key(kind: "survey@fleet-beta", key: "fleet-beta"))
            let crm = try await verbs.resolve("service/crm-alpha.team.example.com")
            #expect(crm.job.kind == "service@fleet-alpha")
        }
    }

    @Test(arguments: [
        ("pa/adda", "no PA is called 'adda'; did you mean ada?"),
        ("pa/zebedee", "no PA is called 'zebedee'; `converged get pas` lists them all"),
        ("ada", "no machine is called 'ada'; did you mean pa/ada?"),
        ("droplet/fleet-alfa", "no droplet is called 'fleet-alfa'; did you mean fleet-alpha?"),
        ("droplet/flee", "no droplet is called 'flee'"),
        ("service/tez", "'tez' means 2 services; name one of:\n  service/fleet-alpha/tez"),
        ("service/fleet-gamma/tez", "no service is called 'fleet-gamma/tez'; did you mean fleet-"),
        ("ps/ada", "'p' is no kind of object; did you mean pa?"),
        ("pa/", "'pa/' is no key"),
    ])
    func unknownNamesAreSaid(text: String, expected: String) async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            try await office.addNamesakes()
            let verbs = Verbs(database: office.operators, console: Console(format: .json) { _ in })
            let error = await #expect(throws: VerbError.self) { try await verbs.resolve(text) }
            #expect(error?.exit == .unknown)
            #expect(error?.message.contains(expected) == true, "\(error?.message ?? "")")
        }
    }

    @Test func whyShowsARowsContainerChecklistAndConditions() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let ada = try await office.id(of: "ada", in: "pas")
            try await office.recordContainer(of: ada)
            let (_, why) = try await office.ask { try await $0.explain("pa/ada") }
            #expect(why["job_kind"].text == "pa@fleet-alpha")
            #expect(why["object"]["port"].integer == 19100 && why["object"]["droplet"].text == "fleet-alpha")
            #expect(why["object"]["container"].text == "abababababab")
            #expect(why["object"]["failed_why"].text == "it never answered")
            #expect(why["steps"].items.first { $0["name"].text == "chromium" }?["state"].text == "failed")
            #expect(why["trace"]["outcome"].text == "blocked: RolledBack")
            #expect(why["conditions"].items.first?["reason"].text == "Unhealthy")
            #expect(
                why["waits_for"].text?.contains("kind pa@fleet-alpha, which is who serves droplet fleet-alpha") == true)
            let text = try await office.read { try await $0.explain("pa/ada") }.text
            for part in ["pa/\(ada)", "ghcr.io/openclaw/openclaw", "CHECKLIST".lowercased(), "chromium", "Requested"] {
                #expect(text.contains(part), "\(part) in\n\(text)")
            }
            for key in ["service/twenty-alpha-server", "droplet/fleet-alpha"] {
                let (exit, other) = try await office.ask { try await $0.explain(key) }
                #expect(exit == .ok && other["object"]["status"].text != nil)
                #expect(other["steps"] == .array([]))
            }
        }
    }

    @Test func getListsAndShowsThem() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            for (kind, count, name, member) in [
                (Kind.pa, 2, "pa-ada", "container"), (.service, 1, "twenty-alpha-server", "container_port"),
                (.droplet, 2, "fleet-alpha", "most_pas"),
            ] {
                let (_, listed) = try await office.ask { try await $0.get(kind, name: nil, limit: 10) }
                #expect(listed.items.count == count)
                let (_, one) = try await office.ask { try await $0.get(kind, name: name, limit: 10) }
                #expect(!one[member].isNull, "\(member) of \(kind)")
                let error = await #expect(throws: VerbError.self) {
                    try await office.read { try await $0.get(kind, name: "nobody", limit: 10) }
                }
                #expect(error?.exit == .unknown)
            }
        }
    }

    @Test func reconcileWakesTheJobOfItsDroplet() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            try await office.owner.query("delete from converged.wakes")
            for key in ["pa/ada", "service/twenty-alpha-server", "droplet/fleet-beta"] {
                #expect(try await office.read { try await $0.reconcile(key, now: true, wait: nil) }.exit == .ok)
            }
            let kinds: [String] = try await office.daemon.query("select kind from converged.wakes order by id").column(
                0)
            #expect(kinds == ["pa@fleet-alpha", "service@fleet-alpha", "survey@fleet-beta"])
        }
    }

    @Test func aPlanIsAskedOfWhoServesTheDroplet() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let ada = try await office.id(of: "ada", in: "pas")
            let nobody = try await office.read { try await $0.plan("pa/ada", wait: .seconds(5)) }
            #expect(nobody.exit == .attention)
            #expect(nobody.text.contains("no live daemon runs kind plan@fleet-alpha; this is the last plan"))
            let worker = try await office.register(kinds: ["plan@fleet-alpha"])
            async let answer = office.ask { try await $0.plan("pa/ada", wait: .seconds(60)) }
            try await eventually("the wake for a plan is there") {
                try await office.daemon.query("select from converged.wakes where kind = 'plan@fleet-alpha'").count == 1
            }
            let job = try await office.lease("plan@fleet-alpha", worker: worker)
            try await office.trace(pa: ada, outcome: "again", plan: #"["pull image"]"#)
            try await office.finish(job, "settled")
            let (exit, document) = try await answer
            #expect(exit == .ok && document["fresh"].bool && document["plan"].items.first?.text == "pull image")
        }
    }
}

extension Office {
    func id(of name: String, in table: String) async throws -> String {
        try await operators.query("select id::text from converged.\(raw: table) where name = \(name)").scalar()
    }

    /// A service of the same name on each droplet.
    func addNamesakes() async throws {
        try await operators.query(
            """
            insert into converged.services (name, droplet, image)
            values ('tez', 'fleet-alpha', 'tez:1'), ('tez', 'fleet-beta', 'tez:1')
            """)
    }

    func trace(pa: String, outcome: String, plan: String = "[]") async throws {
        try await daemon.query(
            """
            insert into converged.traces (kind, key, at, desired, observed, plan, outcome)
            values ('pa', \(pa), converged.now(), '{}', '{}', \(plan)::jsonb, \(outcome))
            on conflict (kind, key) do update set at = excluded.at, plan = excluded.plan
            """)
    }

    /// What the workers of a droplet write of a PA whose new container was rolled back.
    func recordContainer(of pa: String) async throws {
        let container = String(repeating: "ab", count: 32)
        try await trace(pa: pa, outcome: "blocked: RolledBack")
        try await daemon.batch([
            """
            insert into converged.containers (kind, key, droplet, container_id, failed_generation, failed_why)
            values ('pa', \(pa), 'fleet-alpha', \(container), 1, 'it never answered')
            """,
            """
            insert into converged.checklist_runs (container_id, step, pa, checklist, input_hash, state, attempts, exit_code)
            values (\(container), 'chromium', \(pa)::uuid, 'openclaw', 'h', 'failed', 3, 100)
            """,
            """
            insert into converged.conditions (kind, key, type, status, reason, message, generation, since)
            values ('pa', \(pa), 'Ready', 'False', 'Unhealthy', '', 1, converged.now())
            """,
        ])
    }
}
