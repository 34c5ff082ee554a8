import DequeModule
import HeapModule

/// All buckets and who waits for them, as a pure value with time passed in.
///
/// A waiter needs a token of every bucket it names and takes them all at once. Waiters with the same names form a lane;
/// the first of a lane stands at the bucket that keeps it longest, so buckets with free tokens are not blocked by it.
/// Of all who stand at a bucket with a token, the one with the lowest number goes first: first come, first served,
/// without starving, at a cost that does not grow with the number of waiters.
struct BudgetTable: Sendable {
    struct Refusal: Error { let reason: String }

    private struct Waiter {
        let names: [BudgetName]
        let since: Moment
    }
    private struct Lane {
        var numbers: Deque<UInt64> = []
        var standsAt: BudgetName
    }
    /// Order by moment (schedule) or by number (ready).
    private struct Entry<Key: Comparable & Sendable>: Comparable, Sendable {
        let key: Key
        let name: BudgetName
        static func < (one: Self, other: Self) -> Bool { one.key < other.key }
    }

    private let exact: [BudgetName: Budget]
    private let patterns: [(prefix: Substring, budget: Budget)]
    private let maxBuckets: Int
    private var lines: [BudgetName: BudgetLine] = [:]
    private var lanes: [[BudgetName]: Lane] = [:]
    private var waiters: [UInt64: Waiter] = [:]
    /// One entry per line with waiters, never later than it is due; found early it is put back.
    private var schedule = Heap<Entry<Moment>>()
    /// Lines that are due, by the number in front; an entry whose number is not in front any more means nothing.
    private var ready = Heap<Entry<UInt64>>()
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
    var nextGrantAt: Moment? { schedule.min?.key }

    /// Numbers must rise: they are the order of service.
    mutating func enqueue(_ number: UInt64, for names: [BudgetName], at now: Moment) throws(Refusal) {
        // Before the first is opened: it would be forgotten again while the next one makes room.
        if lines.count + names.count > sweepAt, names.contains(where: { lines[$0] == nil }) { sweep(at: now) }
        for name in names { try open(name, at: now) }
        guard let last = latest(of: names) else { return }
        waiters[number] = Waiter(names: names, since: now)
        for name in names { lines[name]!.users += 1 }
        if lanes[names] == nil {
            lanes[names] = Lane(numbers: [number], standsAt: last)
            stand(number, at: last)
        } else {
            lanes[names]!.numbers.append(number)
        }
    }

    mutating func cancel(_ number: UInt64) {
        guard let waiter = waiters.removeValue(forKey: number), let lane = lanes[waiter.names] else { return }
        for name in waiter.names { lines[name]!.users -= 1 }
        if lane.numbers.first == number {
            lines[lane.standsAt]!.remove(number)
            advance(waiter.names)
        } else {
            lanes[waiter.names]!.numbers.remove(at: lane.numbers.position(of: number))
        }
    }

    /// Everyone who gets all their tokens by now, in the order of service.
    mutating func grants(at now: Moment) -> [UInt64] {
        var granted: [UInt64] = []
        repeat {
            while let due = schedule.min, due.key <= now {
                schedule.removeMin()
                lines[due.name]?.isScheduled = false
                offer(due.name, at: now)
            }
            while let entry = ready.popMin() { serve(entry, at: now, into: &granted) }
        } while schedule.min.map { $0.key <= now } == true
        return granted
    }

    mutating func pause(_ name: BudgetName, until moment: Moment, at now: Moment) {
        // It may have been forgotten while the call was under way.
        try? open(name, at: now)
        lines[name]?.bucket.pause(until: moment)
    }

    /// The line is looked at now if it has a token, else when it will have one.
    private mutating func offer(_ name: BudgetName, at now: Moment) {
        guard let line = lines[name], let first = line.first else { return }
        if line.bucket.dueAt <= now { ready.insert(Entry(key: first, name: name)) } else { plan(name) }
    }

    private mutating func serve(_ entry: Entry<UInt64>, at now: Moment, into granted: inout [UInt64]) {
        let (number, name) = (entry.key, entry.name)
        guard lines[name]?.first == number, let waiter = waiters[number] else { return }
        let last = latest(of: waiter.names)!
        let readyAt = lines[last]!.bucket.dueAt
        if lines[name]!.bucket.dueAt > now { return plan(name) }
        lines[name]!.remove(number)
        if readyAt > now {
            lanes[waiter.names]!.standsAt = last
            stand(number, at: last)
        } else {
            for each in Set(waiter.names) { lines[each]!.bucket.take(at: now, ready: max(waiter.since, readyAt)) }
            for each in waiter.names { lines[each]!.users -= 1 }
            waiters[number] = nil
            granted.append(number)
            advance(waiter.names)
        }
        offer(name, at: now)
    }

    /// The first of a lane is gone; the next one steps forward.
    private mutating func advance(_ names: [BudgetName]) {
        lanes[names]!.numbers.removeFirst()
        guard let next = lanes[names]!.numbers.first, let last = latest(of: names) else {
            lanes[names] = nil
            return
        }
        lanes[names]!.standsAt = last
        stand(next, at: last)
    }

    private mutating func stand(_ number: UInt64, at name: BudgetName) {
        lines[name]!.insert(number)
        if lines[name]!.first == number { ready.insert(Entry(key: number, name: name)) }
        plan(name)
    }

    private mutating func plan(_ name: BudgetName) {
        guard let line = lines[name], !line.isScheduled, line.first != nil else { return }
        lines[name]!.isScheduled = true
        schedule.insert(Entry(key: line.bucket.dueAt, name: name))
    }

    private func latest(of names: [BudgetName]) -> BudgetName? {
        names.max { lines[$0]!.bucket.dueAt < lines[$1]!.bucket.dueAt }
    }

    private mutating func open(_ name: BudgetName, at now: Moment) throws(Refusal) {
        guard lines[name] == nil else { return }
        let match = exact[name] ?? patterns.first { name.text.hasPrefix($0.prefix) }?.budget
        // A misspelt name must not mean "no limit".
        guard let match else { throw Refusal(reason: "no budget is set for \(name)") }
        guard lines.count < maxBuckets else { throw Refusal(reason: "\(maxBuckets) budgets are in use") }
        lines[name] = BudgetLine(match, isExact: exact[name] != nil, at: now)
    }

    /// Forgets buckets that are full again. Doubling the mark keeps this at a constant cost per new bucket.
    private mutating func sweep(at now: Moment) {
        lines = lines.filter { $1.isExact || $1.users > 0 || !$1.bucket.isFresh(at: now) }
        sweepAt = min(maxBuckets, max(256, lines.count * 2))
    }
}
