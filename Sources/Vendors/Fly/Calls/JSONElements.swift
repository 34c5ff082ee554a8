/// Cuts a JSON array of objects into its elements while it arrives, so that an app of thousands of machines never
/// stands in memory at once. It finds borders only; each element is still read by a real decoder.
struct JSONElements {
    struct Malformed: Error, Equatable {
        var reason: String
    }
    static let maxElementBytes = 1 << 20

    private var element: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private(set) var isComplete = false

    /// Elements that end in this chunk.
    mutating func feed(_ chunk: [UInt8]) throws -> [[UInt8]] {
        var complete: [[UInt8]] = []
        var start = 0
        for index in chunk.indices {
            let byte = chunk[index]
            if isInString {
                inString(byte)
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                guard depth > 1 else { throw Malformed(reason: "a text outside of an object") }
                isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard !isComplete, depth > 0 || byte == UInt8(ascii: "[") else {
                    throw Malformed(reason: "not an array")
                }
                if depth == 1 { start = index }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                guard depth >= 0 else { throw Malformed(reason: "closed more often than opened") }
                if depth == 0 { isComplete = true }
                if depth == 1 {
                    element.append(contentsOf: chunk[start...index])
                    complete.append(element)
                    element.removeAll(keepingCapacity: true)
                }
            default: break
            }
        }
        if depth > 1 { try keep(chunk[start...]) }
        return complete
    }

    private mutating func inString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
        }
    }

    private mutating func keep(_ rest: ArraySlice<UInt8>) throws {
        guard element.count + rest.count <= Self.maxElementBytes else {
            throw Malformed(reason: "an element of more than \(Self.maxElementBytes) bytes")
        }
        element.append(contentsOf: rest)
    }
}
