import HeapModule

/// Deadlines by number. Setting and clearing is cheap; entries that no longer hold are skipped, and swept when they
/// outnumber those that do.
struct Alarms: Sendable {
    private struct Entry: Comparable {
        let at: Moment
        let number: UInt64
        static func < (one: Entry, other: Entry) -> Bool { one.at < other.at }
    }

    private var heap = Heap<Entry>()
    private var live: [UInt64: Moment] = [:]

    mutating func set(_ number: UInt64, at moment: Moment) {
        live[number] = moment
        heap.insert(Entry(at: moment, number: number))
        if heap.count > 64 + 2 * live.count {
            heap = Heap(live.map { Entry(at: $1, number: $0) })
        }
    }

    mutating func clear(_ number: UInt64) { live[number] = nil }

    /// Numbers whose time has come; they are cleared.
    mutating func expired(at now: Moment) -> [UInt64] {
        var numbers: [UInt64] = []
        while let first = heap.min, first.at <= now {
            heap.removeMin()
            guard live[first.number] == first.at else { continue }
            live[first.number] = nil
            numbers.append(first.number)
        }
        return numbers
    }

    /// The next time to look, perhaps for an entry that no longer holds.
    var next: Moment? { heap.min?.at }
}
