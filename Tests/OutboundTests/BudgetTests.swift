import Support
import Testing

@testable import Outbound

@Suite("Budgets are kept, used to the full, and fair")
struct BudgetTests {
    private let budgets: [BudgetName: Budget] = [
        "fly": Budget(ratePerSecond: 50, burst: 10),
        "docker": Budget(ratePerSecond: 7, burst: 1),
        "fly/get-machine/*": Budget(ratePerSecond: 5, burst: 10),
        "fly/*": Budget(ratePerSecond: 1, burst: 3),
    ]

    private func budget(_ name: BudgetName) -> Budget {
        if let exact = budgets[name] { return exact }
        return name.text.hasPrefix("fly/get-machine/") ? budgets["fly/get-machine/*"]! : budgets["fly/*"]!
    }

    /// Everything that must hold after every step, whatever the order of calls, cancellations, pauses and late wake-ups.
    @Test func randomSteps() async throws {
        var dice = Seed()
        var table = BudgetTable(budgets, maxBuckets: 10_000)
        var now = Moment.now
        var waiting: [UInt64: [BudgetName]] = [:]
        var granted: [BudgetName: [Moment]] = [:]
        var pauses: [BudgetName: Moment] = [:]
        for number in 1...UInt64(12_000) {
            if number.isMultiple(of: 50) { await Task.yield() }
            now = now.advanced(by: .microseconds(dice.roll(30_000)))
            switch dice.roll(100) {
            case 0..<85:
                let names = names(&dice)
                try table.enqueue(number, for: names, at: now)
                waiting[number] = names
            case 85..<97:
                if let victim = waiting.keys.randomElement(using: &dice) {
                    table.cancel(victim)
                    waiting[victim] = nil
                }
            default:
                let name: BudgetName = dice.roll(2) == 0 ? "fly" : "fly/get-machine/\(dice.roll(40))"
                let until = now.advanced(by: .milliseconds(dice.roll(2000)))
                table.pause(name, until: until, at: now)
                pauses[name] = max(pauses[name] ?? until, until)
            }
            for each in table.grants(at: now) {
                let found = waiting.removeValue(forKey: each)
                let names = try #require(found, "granted twice or after being cancelled")
                #expect(!waiting.contains { $0.key < each && $0.value == names }, "overtaken by an equal")
                for name in Set(names) {
                    if let until = pauses[name] { #expect(until <= now, "granted in a pause") }
                    granted[name, default: []].append(now)
                    checkRate(of: name, granted[name]!)
                }
            }
            #expect(table.waiterCount == waiting.count)
            var again = table
            #expect(again.grants(at: now).isEmpty, "somebody was left waiting")
            if let next = table.nextGrantAt { #expect(next > now) }
        }
        drain(&table, now, &waiting)
    }

    private func names(_ dice: inout Seed) -> [BudgetName] {
        switch dice.roll(10) {
        case 0..<6: ["fly", "fly/get-machine/\(dice.roll(40))"]
        case 6..<8: ["fly/start/\(dice.roll(500))", "fly"]
        case 8: ["fly"]
        default: ["docker"]
        }
    }

    /// No window holds more than burst + rate × its length (and the little that a late wake-up may catch up).
    private func checkRate(of name: BudgetName, _ times: [Moment]) {
        let budget = budget(name)
        let recent = times.suffix(60)
        guard let last = recent.last else { return }
        for (index, first) in recent.enumerated() {
            let count = Double(recent.count - index)
            let span = first.duration(to: last) + TokenBucket.catchUp
            #expect(count <= Double(budget.burst) + budget.ratePerSecond * span.inSeconds + 1e-6, "\(name)")
        }
    }

    /// Whoever waits is served after finitely many looks at the moment that the table itself names.
    private func drain(_ table: inout BudgetTable, _ start: Moment, _ waiting: inout [UInt64: [BudgetName]]) {
        var looks = 0
        let limit = waiting.count * 6 + 100
        while let next = table.nextGrantAt, looks < limit {
            for each in table.grants(at: next) { waiting[each] = nil }
            looks += 1
        }
        #expect(waiting.isEmpty)
        #expect(table.waiterCount == 0)
    }

    /// A vendor-wide 50/s with wake-ups that come up to 5 ms late: 10 000 calls take no more than 1 % over 200 s.
    @Test(arguments: [1, 10]) func aFullQueueUsesTheWholeRate(burst: Int) async throws {
        var dice = Seed()
        var table = BudgetTable(["fly": Budget(ratePerSecond: 50, burst: burst)], maxBuckets: 10)
        let start = Moment.now
        var now = start
        for number in 1...UInt64(10_000) { try table.enqueue(number, for: ["fly"], at: now) }
        var served = table.grants(at: now).count
        while let next = table.nextGrantAt {
            now = max(now, next).advanced(by: .microseconds(dice.roll(5000)))
            served += table.grants(at: now).count
            if served.isMultiple(of: 500) { await Task.yield() }
        }
        #expect(served == 10_000)
        #expect(start.duration(to: now) <= .seconds(202))
        #expect(start.duration(to: now) >= .seconds(200) - .milliseconds(20 * burst + 50))
    }

    /// A slow target waits on its own; the vendor's tokens go to the others meanwhile.
    @Test func aSlowTargetDoesNotBlockTheVendor() throws {
        var table = BudgetTable(budgets, maxBuckets: 100)
        let now = Moment.now
        for number in 1...UInt64(4) { try table.enqueue(number, for: ["fly", "fly/start/a"], at: now) }
        for number in 5...UInt64(8) { try table.enqueue(number, for: ["fly", "fly/start/b"], at: now) }
        #expect(table.grants(at: now) == [1, 2, 3, 5, 6, 7])
        #expect(table.grants(at: now.advanced(by: .milliseconds(1001))).sorted() == [4, 8])
    }

    @Test func namesWithoutABudgetAreRefused() {
        var table = BudgetTable(budgets, maxBuckets: 100)
        #expect(throws: BudgetTable.Refusal.self) { try table.enqueue(1, for: ["fyl"], at: .now) }
        #expect(table.waiterCount == 0)
    }

    @Test func bucketsThatAreFullAgainAreForgotten() async throws {
        var table = BudgetTable(budgets, maxBuckets: 2000)
        var now = Moment.now
        for number in 1...UInt64(20_000) {
            if number.isMultiple(of: 500) { await Task.yield() }
            now = now.advanced(by: .milliseconds(20))
            try table.enqueue(number, for: ["fly", "fly/get-machine/\(number)"], at: now)
            #expect(table.grants(at: now) == [number])
        }
        #expect(table.bucketCount <= 257)
    }

    @Test func tooManyLiveBucketsAreRefused() throws {
        var table = BudgetTable(budgets, maxBuckets: 300)
        let now = Moment.now
        for number in 1...UInt64(300) {
            try table.enqueue(number, for: ["fly/start/\(number)"], at: now)
            _ = table.grants(at: now)
        }
        #expect(throws: BudgetTable.Refusal.self) { try table.enqueue(301, for: ["fly/start/x"], at: now) }
        let later = now.advanced(by: .seconds(10))
        try table.enqueue(302, for: ["fly/start/x"], at: later)
        #expect(table.grants(at: later) == [302])
    }
}
