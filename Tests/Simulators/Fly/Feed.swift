/// The organisation's list: objects in the order of their last change, some time behind. A page costs what it shows,
/// so ten thousand objects can be polled.
struct Feed<Item: Sendable> {
    struct Entry {
        var serial: Int
        var updatedAt: Duration
        var item: Item
        /// Rendered once, when first shown; with and without configuration.
        var text: String?
        var brief: String?
    }

    private struct Pending {
        var id: String
        var visibleAt: Duration
        var visibleAfter: Int
        var entry: Entry
    }

    private(set) var entries: [Entry?] = []
    private var places: [String: Int] = [:]
    private var pending: [Pending] = []
    private var pendingHead = 0
    private var serial = 0

    mutating func publish(_ item: Item, id: String, at time: Duration, visibleAt: Duration, visibleAfter: Int) {
        serial += 1
        pending.append(
            Pending(
                id: id, visibleAt: visibleAt, visibleAfter: visibleAfter,
                entry: Entry(serial: serial, updatedAt: time, item: item)))
    }

    /// Shows what has become visible.
    mutating func settle(now: Duration, lists: Int) {
        while pendingHead < pending.count, pending[pendingHead].visibleAt <= now,
            pending[pendingHead].visibleAfter <= lists
        {
            let next = pending[pendingHead]
            pendingHead += 1
            if let old = places[next.id] { entries[old] = nil }
            places[next.id] = entries.count
            entries.append(next.entry)
        }
        if pendingHead > 1024 || pendingHead == pending.count {
            pending.removeFirst(pendingHead)
            pendingHead = 0
        }
        if entries.count > 2 * places.count + 64 { compact() }
    }

    private mutating func compact() {
        let kept = places.sorted { $0.value < $1.value }
        let old = entries
        entries = kept.map { old[$0.value] }
        places = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element.key, $0.offset) })
    }

    /// The first place whose entry is after a serial.
    func place(after serial: Int) -> Int { firstPlace { $0.serial > serial } }

    func place(updatedAfter time: Duration) -> Int { firstPlace { $0.updatedAt > time } }

    /// Binary search over entries, which are sorted but have holes.
    private func firstPlace(where isAfter: (Entry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            var probe = middle
            while probe < high, entries[probe] == nil { probe += 1 }
            if probe == high {
                high = middle
            } else if let entry = entries[probe], isAfter(entry) {
                high = middle
            } else {
                low = probe + 1
            }
        }
        return low
    }

    /// The text of an entry, rendered once.
    mutating func text(at place: Int, brief: Bool, render: (Item) -> String) -> String {
        guard let entry = entries[place] else { return "" }
        if let known = brief ? entry.brief : entry.text { return known }
        let text = render(entry.item)
        if brief { entries[place]?.brief = text } else { entries[place]?.text = text }
        return text
    }
}
