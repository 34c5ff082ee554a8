import Foundation

/// Randomness that a failed test can repeat: prints its seed, `CONVERGED_SEED=…` gives it again.
public struct Seed: RandomNumberGenerator, Sendable {
    public let value: UInt64
    private var state: UInt64

    public init(_ test: String = #function) {
        let given = ProcessInfo.processInfo.environment["CONVERGED_SEED"].flatMap { UInt64($0) }
        self.init(value: given ?? .random(in: 0 ... .max))
        print("\(test): CONVERGED_SEED=\(value)")
    }

    public init(value: UInt64) {
        self.value = value
        state = value
    }

    /// SplitMix64.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
