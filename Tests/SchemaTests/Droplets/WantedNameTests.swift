import Foundation
import Postgres
import Support
import Testing

/// What DNS has to say, from the rows alone.
@Suite struct WantedNameTests {
    private func wanted(_ fleet: Fleet) async throws -> [String] {
        try await fleet.web.query(
            "select concat_ws(' ', name, type, value, object) from converged.dns_wanted order by name"
        ).column(0)
    }

    private func serve(_ fleet: Fleet, _ name: String, on droplet: String, team: String? = nil, host: String, port: Int)
        async throws
    {
        try await fleet.operators.query(
            """
            insert into converged.services (name, droplet, team, image, port, container_port, host)
            values (\(name), \(droplet), \(team), 'x:1', \(port), 80, \(host))
            """)
    }

    @Test func everyPublicNameIsWantedOnce() async throws {
        try await Fleet.open { fleet in
            #expect(try await wanted(fleet).isEmpty)
            try await fleet.place("ada", droplet: "one")
            try await serve(fleet, "twenty", on: "one", team: "alpha", host: "crm-alpha", port: 3100)
            try await serve(fleet, "home", on: "two", host: "@", port: 8080)
            #expect(
                try await wanted(fleet) == [
                    "ada.team.example.com A 203.0.113.1 pa/ada",
                    "crm-alpha.team.example.com A 203.0.113.1 service/twenty",
                    "team.example.com A 203.0.113.2 service/home",
                ], "no name beside the apex that it could be an alias of")
            try await serve(fleet, "relay", on: "two", host: "relay", port: 8443)
            #expect(try await wanted(fleet).last == "team.example.com ALIAS relay.team.example.com service/home")
            try await fleet.operators.query("update converged.droplets set address = '203.0.113.9' where name = 'one'")
            try await fleet.operators.query("update converged.services set deleted_at = now() where name = 'relay'")
            try await fleet.operators.query("update converged.services set host = null where name = 'home'")
            #expect(
                try await wanted(fleet) == [
                    "ada.team.example.com A 203.0.113.9 pa/ada",
                    "crm-alpha.team.example.com A 203.0.113.9 service/twenty",
                ])
        }
    }

    @Test func nobodyTakesSomebodyElsesName() async throws {
        try await Fleet.open { fleet in
            try await serve(fleet, "blog", on: "one", host: "blog", port: 8080)
            let pa = await fleet.refusal(fleet.web, "insert into converged.pas (name, team) values ('blog', 'alpha')")
            #expect(pa?.sqlState == "23505" && pa?.message.contains("a service has that host name") == true)
            try await fleet.place("ada", droplet: "one")
            let service = await fleet.refusal(
                fleet.operators, "update converged.services set host = 'ada' where name = 'blog'")
            #expect(service?.sqlState == "23505")
            try await fleet.operators.query(
                """
                insert into converged.droplets (name, address, domain, served_by)
                values ('six', '203.0.113.6', 'other.example.com', 'host-6')
                """)
            try await serve(fleet, "blog", on: "six", host: "blog", port: 8080)
            #expect(try await wanted(fleet).count == 3, "another domain, another name")
        }
    }
}
