/// A vendor's id in 8 bytes, so that a fleet of ids costs little memory: 14 hex digits as they are, other ids as their
/// FNV-1a hash with the top bit set. A collision could only hide one missing machine until its next checkup.
struct FlyNumber: Hashable, Sendable {
    let value: UInt64

    init(_ id: String) {
        if id.utf8.count == 14, let number = UInt64(id, radix: 16) {
            value = number
            return
        }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        value = hash | 1 << 63
    }
}
