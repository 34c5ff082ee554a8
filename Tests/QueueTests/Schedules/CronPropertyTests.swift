import Foundation
import Postgres
import Support
import Testing

@testable import Queue

/// `converged.next_tick` against the oracle, for specs, zones and instants by chance, most of them near a change of clocks.
@Suite struct CronPropertyTests {
    static let zones = [
        "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Havana",
        "Africa/Cairo",
        "Pacific/Chatham", "America/Santiago", "Antarctica/Troll", "Europe/Dublin", "Asia/Beirut",
    ]
    /// Farther than this the oracle does not look.
    static let limit = 6 * 1440

    @Test func itAgreesWithTheOracleMinuteByMinute() async throws {
        var seed = Seed()
        let changes = Dictionary(uniqueKeysWithValues: Self.zones.map { ($0, Self.changes(TimeZone(identifier: $0)!)) })
        var cases: [(spec: String, zone: String, after: Int)] = []
        for _ in 0..<800 {
            let zone = Self.zones.randomElement(using: &seed)!
            var after = Self.first + Int.random(in: 0..<6 * 366 * 1440, using: &seed)
            if let change = changes[zone]?.randomElement(using: &seed), Int.random(in: 0..<4, using: &seed) > 0 {
                after = change + Int.random(in: -1440...300, using: &seed)
            }
            cases.append((Self.spec(&seed), zone, after))
        }
        let answers = try await QueueBench.with { queue in
            try await queue.admin.query(
                """
                select (extract(epoch from converged.next_tick(spec, zone, to_timestamp(after * 60))) / 60)::float8
                from unnest(\(cases.map(\.spec))::text[], \(cases.map(\.zone))::text[], \(cases.map(\.after))::bigint[])
                    with ordinality as given (spec, zone, after, place) order by place
                """
            ).column(0, as: Double?.self)
        }
        try #require(answers.count == cases.count)
        var near = 0
        for (one, answer) in zip(cases, answers) {
            let oracle = CronOracle(one.spec, TimeZone(identifier: one.zone)!)
            let expected = oracle.next(after: one.after, limit: Self.limit)
            near += expected == nil ? 0 : 1
            let end = one.after + Self.limit
            let agrees = expected.map { answer == Double($0) } ?? (answer.map { $0 > Double(end) } ?? true)
            #expect(
                agrees,
                """
                '\(one.spec)' \(one.zone) after \(Self.say(one.after)): the oracle says \(expected.map(Self.say) ?? "later"), \
                SQL \(answer.map { Self.say(Int($0)) } ?? "never"); seed \(seed.value)
                """)
        }
        #expect(near >= 300, "only \(near) specs tick soon enough to be judged; seed \(seed.value)")
    }

    private static let first = 28_401_120  // 2024-01-01, minutes since 1970

    private static func say(_ minute: Int) -> String {
        Date(timeIntervalSince1970: Double(minute) * 60).formatted(.iso8601)
    }

    /// Minutes at which the clocks change, 2024 to 2029.
    private static func changes(_ zone: TimeZone) -> [Int] {
        var changes: [Int] = []
        var at = Date(timeIntervalSince1970: Double(first) * 60)
        while let next = zone.nextDaylightSavingTimeTransition(after: at), changes.count < 12 {
            changes.append(Int(next.timeIntervalSince1970) / 60)
            at = next
        }
        return changes
    }

    private static func spec(_ seed: inout Seed) -> String {
        // Hours of the night, where clocks change; days often *, so that the tick is near.
        [
            field(0...59, stars: 3, &seed), field(0...23, near: 0...4, stars: 3, &seed), field(1...31, stars: 8, &seed),
            field(1...12, stars: 9, &seed), field(0...6, stars: 8, &seed),
        ].joined(separator: " ")
    }

    /// - Parameter stars: how often of ten it is `*` or a step of it.
    private static func field(
        _ range: ClosedRange<Int>, near: ClosedRange<Int>? = nil, stars: Int, _ seed: inout Seed
    ) -> String {
        if Int.random(in: 0..<10, using: &seed) < stars {
            let step = Int.random(in: 2...min(20, range.upperBound - range.lowerBound), using: &seed)
            return Int.random(in: 0..<4, using: &seed) > 0 ? "*" : "*/\(step)"
        }
        return (0..<Int.random(in: 1...3, using: &seed)).map { _ in
            let low = Int.random(in: near ?? range, using: &seed)
            switch Int.random(in: 0..<3, using: &seed) {
            case 0: return "\(low)"
            case 1: return "\(low)-\(Int.random(in: low...range.upperBound, using: &seed))"
            default: return "\(low)-\(range.upperBound)/\(Int.random(in: 1...3, using: &seed))"
            }
        }.joined(separator: ",")
    }
}
