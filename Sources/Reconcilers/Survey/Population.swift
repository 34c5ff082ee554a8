/// What follows from machines that a list does not show. Pure (design law 2).
enum Population: Sendable, Equatable {
    /// Few enough to look at one by one.
    case believable
    /// So many that the list is to blame until proven otherwise.
    case dropped

    /// - Parameters:
    ///   - known: machines that have been healthy for longer than the list lags.
    ///   - missing: those of them that the list does not show.
    ///   - accepted: as many as an operator declared to be really gone.
    static func judge(known: Int, missing: Int, accepted: Int, believable: Share) -> Population {
        missing > believable.of(known) && missing > accepted ? .dropped : .believable
    }

    /// What is left of an operator's word: it ends with the trouble it was given for, and never covers a later one.
    static func remaining(accepted: Int, missing: Int, known: Int, believable: Share) -> Int {
        missing > believable.of(known) ? min(accepted, missing) : 0
    }
}
