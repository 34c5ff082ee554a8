import Foundation
import Testing

@testable import Vendors

/// What holds for every list of routes, over generated ones. The seed is printed with a failure.
@Suite struct RoutePlanPropertyTests {
    struct Case {
        var wanted: [CaddyRoute] = []
        var unwanted: Set<CaddyName> = []
        var current: [String] = []
        /// Of the current, those that a plan may not touch.
        var foreign: [String] = []
    }

    /// SplitMix64: the same cases from the same seed everywhere.
    struct Chance: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }

        mutating func one(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
    }

    static func make(_ seed: UInt64) throws -> Case {
        var chance = Chance(state: seed)
        var made = Case()
        let names = ["a", "b", "c", "d", "e"]
        for name in names {
            switch Int.random(in: 0..<4, using: &chance) {
            case 0, 1: made.wanted.append(try route(name, &chance))
            case 2: made.unwanted.insert(try CaddyName(name))
            default: break
            }
        }
        let planned = Set(made.wanted.map(\.id)).union(made.unwanted)
        for number in 0..<Int.random(in: 0..<10, using: &chance) {
            let name = names.randomElement(using: &chance)!
            if chance.one(in: 2) {
                let text = try RoutePlanTests.json(route(name, &chance))
                made.current.append(text)
                if !planned.contains(try CaddyName(name)) { made.foreign.append(text) }
            } else {
                let text = foreign(number, name, &chance)
                made.current.append(text)
                made.foreign.append(text)
            }
        }
        return made
    }

    private static func route(_ name: String, _ chance: inout Chance) throws -> CaddyRoute {
        let host = chance.one(in: 6) ? "shared.example.com" : "\(name).example.com"
        return try RoutePlanTests.route(name, host: host, port: Int.random(in: 1...3, using: &chance))
    }

    private static func foreign(_ number: Int, _ name: String, _ chance: inout Chance) -> String {
        let mark = #""note":"\#(number), {[\"","#
        switch Int.random(in: 0..<8, using: &chance) {
        case 0: return #"{\#(mark)"handle":[{"handler":"static_response"}]}"#
        case 1: return #"{\#(mark)"handle":[{"handler":"encode"}] }"#
        case 2: return #"{\#(mark)"match":[{"host":["*.example.com"]}],"terminal":true}"#
        case 3: return #"{\#(mark)"match":[{"host":["\#(name).example.com"]}]}"#
        case 4: return #"{\#(mark)"match":[{"path":["/\#(name)"]}],"handle":[{"handler":"subroute"}]}"#
        case 5: return #"{"@id":"foreign\#(number)", "n":1.50,"match":[{"host":["www.other.org"]}]}"#
        case 6: return "null"
        default: return #"{"@id":7,\#(mark)"match":"?"}"#
        }
    }

    @Test(arguments: [UInt64.random(in: 0...UInt64.max), 1, 2, 3]) func everyPlanHolds(start: UInt64) throws {
        for number in 0..<100 {
            let seed = start &+ UInt64(number)
            try check(Self.make(seed), "seed \(seed)")
        }
    }

    private func check(_ made: Case, _ seed: String) throws {
        let current = Array("[\(made.current.joined(separator: ", "))]".utf8)
        let plan = try RoutePlan(wanted: made.wanted, unwanted: made.unwanted, current: current)
        let after = plan.change?.array ?? current
        let elements = try RouteElement.all(in: after)
        let texts = elements.map { String(decoding: $0.bytes, as: UTF8.self) }
        let blocked = Set(plan.blocks.map(\.id))
        let served = made.wanted.filter { !blocked.contains($0.id) }
        let planned = Set(served.map(\.id)).union(made.unwanted)

        // Foreign ones: all of them, the same bytes, the same order. Blocked ones of ours count as such.
        let isForeign = { (element: RouteElement) in !planned.contains { $0.text == element.id } }
        let before = try RouteElement.all(in: current).filter(isForeign).map(\.bytes)
        #expect(elements.filter(isForeign).map(\.bytes) == before, "\(seed)")
        var rest = texts[...]
        for text in made.foreign {
            guard let index = rest.firstIndex(of: text) else {
                Issue.record("\(seed): \(text) is gone or out of order")
                return
            }
            rest = rest[(index + 1)...]
        }

        // Ours: once, as wanted, and reached.
        for route in served {
            let places = elements.indices.filter { elements[$0].id == route.id.text }
            #expect(places.count == 1, "\(seed)")
            guard let place = places.first else { continue }
            #expect(elements[place].json == route.json, "\(seed)")
            #expect(!elements[..<place].contains { isForeign($0) && $0.catches(route.host) }, "\(seed)")
            #expect(!elements.contains { isForeign($0) && $0.names(route.host) }, "\(seed)")
        }
        for id in made.unwanted { #expect(!elements.contains { $0.id == id.text }, "\(seed)") }

        // Planned again, it is settled; and nothing is said to be done that leaves everything as it was.
        let again = try RoutePlan(wanted: made.wanted, unwanted: made.unwanted, current: after)
        #expect(again.change == nil, "\(seed)")
        #expect(Set(again.blocks.map(\.id)) == blocked, "\(seed)")
        if let change = plan.change {
            #expect(try elements.map(\.bytes) != RouteElement.all(in: current).map(\.bytes), "\(seed): \(change)")
        }
    }
}
