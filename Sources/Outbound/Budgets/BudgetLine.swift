import DequeModule

/// One bucket and the numbers that stand at it, in rising order.
struct BudgetLine: Sendable {
    var bucket: TokenBucket
    /// From an exact name, kept for ever; others are forgotten when full again.
    let isExact: Bool
    private(set) var numbers: Deque<UInt64> = []
    /// It has an entry in the schedule.
    var isScheduled = false
    /// Waiters that name it, wherever they stand.
    var users = 0

    init(_ budget: Budget, isExact: Bool, at now: Moment) {
        bucket = TokenBucket(budget, at: now)
        self.isExact = isExact
    }

    var first: UInt64? { numbers.first }

    mutating func insert(_ number: UInt64) { numbers.insert(number, at: numbers.position(of: number)) }

    mutating func remove(_ number: UInt64) { numbers.remove(at: numbers.position(of: number)) }
}

extension Deque<UInt64> {
    /// Where a number stands in a rising queue, or would stand. Numbers rise, so the end is the common case.
    func position(of number: UInt64) -> Int {
        if let last, last < number { return count }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
