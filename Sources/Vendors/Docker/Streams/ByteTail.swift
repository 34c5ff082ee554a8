/// The last bytes of a stream, however long it is.
struct ByteTail {
    let limit: Int
    private(set) var dropped = 0
    private var held: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    mutating func append(_ part: ArraySlice<UInt8>) {
        held += part
        // Cut rarely, so that each byte is moved at most once on average.
        if held.count > 2 * limit { cut() }
    }

    var bytes: [UInt8] {
        mutating get {
            if held.count > limit { cut() }
            return held
        }
    }

    private mutating func cut() {
        dropped += held.count - limit
        held = Array(held.suffix(limit))
    }
}
