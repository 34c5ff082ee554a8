/// Which statements one connection has prepared, by text; the least recently used one makes room.
struct StatementCache {
    private struct Entry {
        var lastUse: Int
        var isConfirmed: Bool
    }

    let capacity: Int
    private var entries: [String: Entry] = [:]
    private var clock = 0
    /// Names the server still holds and nobody uses: `DEALLOCATE` goes ahead of the next statements.
    private(set) var condemned: [String] = []

    init(capacity: Int) { self.capacity = max(1, capacity) }

    /// Derived from the text, so that a name can never mean another statement, whoever shares the session.
    static func name(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return "c" + String(hash, radix: 16)
    }

    /// Which of the statements that go out together have to be prepared first. None of them makes room for another.
    mutating func use(_ texts: [String]) -> [Bool] {
        let before = clock
        return texts.map { use($0, evictingUntil: before) }
    }

    private mutating func use(_ text: String, evictingUntil limit: Int) -> Bool {
        clock += 1
        if entries[text] != nil {
            entries[text]?.lastUse = clock
            return false
        }
        if entries.count >= capacity {
            let spare = entries.filter { $0.value.isConfirmed && $0.value.lastUse <= limit }
            // Without a spare one the cache is too large until the next use.
            if let oldest = spare.min(by: { $0.value.lastUse < $1.value.lastUse }) { condemn(oldest.key) }
        }
        entries[text] = Entry(lastUse: clock, isConfirmed: false)
        return true
    }

    mutating func confirm(_ text: String) { entries[text]?.isConfirmed = true }

    /// What was sent to be prepared and never answered, or answered with an error.
    mutating func dropUnconfirmed() { entries = entries.filter { $0.value.isConfirmed } }

    /// The server's plan no longer fits.
    mutating func condemn(_ text: String) {
        guard entries.removeValue(forKey: text) != nil else { return }
        condemned.append(Self.name(of: text))
    }

    mutating func takeCondemned() -> [String] {
        defer { condemned = [] }
        return condemned
    }

    /// The server has lost statements (`DISCARD ALL`); which ones it does not say.
    mutating func forgetAll() {
        entries = [:]
        condemned = ["ALL"]
    }
}
