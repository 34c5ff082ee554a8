import Foundation
import Postgres
import Support
import Testing

/// Placements, deletions, drains and changes of ownership at random, beside a model that says what has to come of each.
@Suite struct PlacementWalkTests {
    private struct Droplet {
        var most = 3
        var isDraining = false
        var owners: Set<String> = []
        /// Name of the PA by port, also of those that are being deleted.
        var held: [Int: String] = [:]
    }

    private struct Model {
        var droplets = ["one": Droplet(), "two": Droplet(), "six": Droplet()]

        func takes(_ team: String, _ name: String) -> Bool {
            guard let droplet = droplets[name] else { return false }
            let hasOwn = droplets.values.contains { $0.owners.contains(team) }
            let serves = hasOwn ? droplet.owners.contains(team) : droplet.owners.isEmpty
            return serves && !droplet.isDraining && droplet.held.count < droplet.most
        }

        func choose(_ team: String, named: String?) -> (droplet: String, port: Int)? {
            let open = (named.map { [$0] } ?? Array(droplets.keys)).filter { takes(team, $0) }
            let chosen = open.min { left, right in
                let (few, many) = (droplets[left]?.held.count ?? 0, droplets[right]?.held.count ?? 0)
                return few != many ? few < many : left < right
            }
            guard let chosen, let port = (19100...19999).first(where: { droplets[chosen]?.held[$0] == nil }) else {
                return nil
            }
            return (chosen, port)
        }
    }

    @Test func everyPlaceIsTheOneTheRulesName() async throws {
        var seed = Seed()
        try await Fleet.open { fleet in
            try await fleet.operators.batch([
                "insert into converged.droplets (name, address, domain, served_by) values ('six', '203.0.113.6', 'x.com', 'h')",
                "update converged.droplets set most_pas = 3",
            ])
            var model = Model()
            var (placed, number) = (0, 0)
            // Some walks stand before closed doors for long; those go on.
            while number < 150 || (placed < 20 && number < 3_000) {
                number += 1
                if Int.random(in: 0..<10, using: &seed) < 5 {
                    placed += try await place(number, &model, fleet, &seed)
                } else {
                    try await meddle(&model, fleet, &seed)
                }
            }
            #expect(placed >= 20, "the walk got somewhere")
            let rows: [String] = try await fleet.web.query(
                "select droplet || ':' || port || ':' || name from converged.pas"
            ).column(0)
            let wanted = model.droplets.flatMap { name, droplet in droplet.held.map { "\(name):\($0.key):\($0.value)" }
            }
            #expect(rows.sorted() == wanted.sorted())
        }
    }

    private func place(_ number: Int, _ model: inout Model, _ fleet: Fleet, _ seed: inout Seed) async throws -> Int {
        let team = ["alpha", "beta", "gamma"].randomElement(using: &seed) ?? ""
        let named = [nil, nil, "one", "two", "six"].randomElement(using: &seed) ?? nil
        let name = "p\(number)"
        let wanted = model.choose(team, named: named)
        do {
            let found = try await fleet.place(name, team: team, droplet: named)
            #expect(
                found.droplet == wanted?.droplet && found.port == wanted?.port, "\(name) of \(team), \(named ?? "any")")
            model.droplets[found.droplet]?.held[found.port] = name
            return 1
        } catch let error as PostgresError {
            #expect(error.sqlState == "CV503" && wanted == nil, "\(name) of \(team), \(named ?? "any"): \(error)")
            return 0
        }
    }

    private func meddle(_ model: inout Model, _ fleet: Fleet, _ seed: inout Seed) async throws {
        let name = ["one", "two", "six"].randomElement(using: &seed) ?? ""
        let team = ["alpha", "beta"].randomElement(using: &seed) ?? ""
        switch Int.random(in: 0..<6, using: &seed) {
        case 0:
            model.droplets[name]?.isDraining.toggle()
            try await fleet.operators.query(
                "update converged.droplets set draining = not draining where name = \(name)")
        case 1:
            let most = Int.random(in: 0...6, using: &seed)
            model.droplets[name]?.most = most
            try await fleet.operators.query("update converged.droplets set most_pas = \(most) where name = \(name)")
        case 2 where model.droplets[name]?.owners.contains(team) == true:
            model.droplets[name]?.owners.remove(team)
            try await fleet.operators.query(
                "delete from converged.team_droplets where team = \(team) and droplet = \(name)")
        case 2:
            model.droplets[name]?.owners.insert(team)
            try await fleet.operators.query("insert into converged.team_droplets values (\(team), \(name))")
        default:
            // A tombstone alone frees nothing, the release does.
            guard let (port, pa) = model.droplets[name]?.held.min(by: { $0.key < $1.key }) else { return }
            try await fleet.web.query(
                "update converged.pas set deleted_at = now() where name = \(pa) and deleted_at is null")
            guard Bool.random(using: &seed) else { return }
            try await fleet.daemon.query("delete from converged.pas where name = \(pa)")
            model.droplets[name]?.held[port] = nil
        }
    }
}
