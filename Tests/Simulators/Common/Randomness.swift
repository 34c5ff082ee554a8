/// SplitMix64: the same seed gives the same ids and the same faults.
struct Randomness: RandomNumberGenerator, Sendable {
    private var state: UInt64
    private var counter: UInt32 = 0

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True with a probability between 0 and 1.
    mutating func happens(_ probability: Double) -> Bool { Double(next() >> 11) / Double(1 << 53) < probability }

    mutating func hex(_ count: Int) -> String { text(count, of: Self.hexDigits) }

    mutating func base36(_ count: Int) -> String { text(count, of: Self.base36Digits) }

    /// A ULID: 26 characters that sort by time, and by order within a millisecond.
    mutating func ulid(milliseconds: Int) -> String {
        counter &+= 1
        var high = UInt64(max(0, milliseconds))
        var digits = [UInt8](repeating: 0, count: 10)
        for index in digits.indices.reversed() {
            digits[index] = Self.crockford[Int(high & 31)]
            high >>= 5
        }
        var low = counter
        var order = [UInt8](repeating: 0, count: 7)
        for index in order.indices.reversed() {
            order[index] = Self.crockford[Int(low & 31)]
            low >>= 5
        }
        return String(decoding: digits + order, as: UTF8.self) + text(9, of: Self.crockford)
    }

    private mutating func text(_ count: Int, of digits: [UInt8]) -> String {
        String(decoding: (0..<count).map { _ in digits[Int(next() >> 33) % digits.count] }, as: UTF8.self)
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
    private static let base36Digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
    private static let crockford = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
}
