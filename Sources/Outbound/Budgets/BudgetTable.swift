import DequeModule
import HeapModule

/// All buckets and who waits for them, as a pure value with time passed in.
///
/// A waiter needs a token of every bucket it names and takes them all at once. It stands in the queue of the bucket
/// that keeps it longest, by its number, so buckets with free tokens are not blocked by it, and when it moves to
/// another queue it is in front of all who came later: first come, first served, without starving.
struct BudgetTable: Sendable {
    struct Refusal: Error { let reason: String }

    private struct Line {
        var bucket: TokenBucket
        let isExact: Bool
        var waiters: Deque<UInt64> = []
        var isScheduled = false
    }
    private struct Waiter {
        let names: [BudgetName]
        let since: Moment
        var standsAt: BudgetName
    }
    private struct Due: Comparable {
        let at: Moment
        let name: BudgetName
        static func < (one: Due, other: Due) -> Bool { one.at < other.at }
    }

    private let exact: [BudgetName: Budget]
    private let patterns: [(prefix: Substring, budget: Budget)]
    private let maxBuckets: Int
    private var lines: [BudgetName: Line] = [:]
    private var waiters: [UInt64: Waiter] = [:]
    /// One entry per bucket with waiters, never later than it is due; served early it is put back.
    private var schedule = Heap<Due>()
    private var sweepAt = 256

    init(_ budgets: [BudgetName: Budget], maxBuckets: Int) {
        exact = budgets.filter { $0.key.patternPrefix == nil }
        patterns =
            budgets.compactMap { name, budget in name.patternPrefix.map { ($0, budget) } }
            .sorted { $0.0.utf8.count > $1.0.utf8.count }
        self.maxBuckets = maxBuckets
    }

    var bucketCount: Int { lines.count }
    var waiterCount: Int { waiters.count }
    /// When `grants` should be asked next. Never busy: `nil` without waiters.
    var nextGrantAt: Moment? { schedule.min?.at }

    /// Numbers must rise: they are the order of service.
    mutating func enqueue(_ number: UInt64, for names: [BudgetName], at now: Moment) throws(Refusal) {
        for name in names { try open(name, at: now) }
        guard let last = latest(of: names) else { return }
        waiters[number] = Waiter(names: names, since: now, standsAt: last)
        stand(number, at: last)
    }

    mutating func cancel(_ number: UInt64) {
        guard let waiter = waiters.removeValue(forKey: number) else { return }
        let index = position(of: number, in: lines[waiter.standsAt]!.waiters)
        lines[waiter.standsAt]!.waiters.remove(at: index)
    }

    /// Everyone who gets all their tokens by now, in the order of service.
    mutating func grants(at now: Moment) -> [UInt64] {
        var granted: [UInt64] = []
        while let due = schedule.min, due.at <= now {
            schedule.removeMin()
            lines[due.name]?.isScheduled = false
            serve(due.name, at: now, into: &granted)
        }
        return granted
    }

    mutating func pause(_ name: BudgetName, until moment: Moment, at now: Moment) {
        // It may have been forgotten while the call was under way.
        try? open(name, at: now)
        lines[name]?.bucket.pause(until: moment)
    }

    private mutating func serve(_ name: BudgetName, at now: Moment, into granted: inout [UInt64]) {
        while let number = lines[name]?.waiters.first, let waiter = waiters[number] {
            guard lines[name]!.bucket.dueAt <= now else { return plan(name) }
            lines[name]!.waiters.removeFirst()
            let last = latest(of: waiter.names)!
            let readyAt = lines[last]!.bucket.dueAt
            if readyAt > now {
                waiters[number]!.standsAt = last
                stand(number, at: last)
                continue
            }
            let nominal = max(waiter.since, readyAt)
            for each in Set(waiter.names) { lines[each]!.bucket.take(at: now, ready: nominal) }
            waiters[number] = nil
            granted.append(number)
        }
    }

    private mutating func stand(_ number: UInt64, at name: BudgetName) {
        let index = position(of: number, in: lines[name]!.waiters)
        lines[name]!.waiters.insert(number, at: index)
        plan(name)
    }

    private mutating func plan(_ name: BudgetName) {
        guard let line = lines[name], !line.isScheduled, !line.waiters.isEmpty else { return }
        lines[name]!.isScheduled = true
        schedule.insert(Due(at: line.bucket.dueAt, name: name))
    }

    private func latest(of names: [BudgetName]) -> BudgetName? {
        names.max { lines[$0]!.bucket.dueAt < lines[$1]!.bucket.dueAt }
    }

    /// Where a number stands, or would stand. Numbers rise, so the end is the common case.
    private func position(of number: UInt64, in queue: Deque<UInt64>) -> Int {
        if let last = queue.last, last < number { return queue.count }
        var low = 0
        var high = queue.count
        while low < high {
            let middle = (low + high) / 2
            if queue[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func open(_ name: BudgetName, at now: Moment) throws(Refusal) {
        guard lines[name] == nil else { return }
        let match = exact[name] ?? patterns.first { name.text.hasPrefix($0.prefix) }?.budget
        // A misspelt name must not mean "no limit".
        guard let match else { throw Refusal(reason: "no budget is set for \(name)") }
        if lines.count >= sweepAt { sweep(at: now) }
        guard lines.count < maxBuckets else { throw Refusal(reason: "\(maxBuckets) budgets are in use") }
        lines[name] = Line(bucket: TokenBucket(match, at: now), isExact: exact[name] != nil)
    }

    /// Forgets buckets that are full again. Doubling the mark keeps this at a constant cost per new bucket.
    private mutating func sweep(at now: Moment) {
        lines = lines.filter { $1.isExact || !$1.waiters.isEmpty || !$1.bucket.isFresh(at: now) }
        sweepAt = max(256, lines.count * 2)
    }
}
