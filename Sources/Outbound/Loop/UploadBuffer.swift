import DequeModule

/// Between the task that makes a request body and libcurl, which takes it when the peer does. Used on the loop thread.
final class UploadBuffer {
    static let mark = 64 * 1024

    private var chunks: Deque<[UInt8]> = []
    private var offset = 0
    private(set) var count = 0
    private(set) var taken = 0
    var isFinished = false
    /// The source of the body threw: the request must be given up.
    var isBroken = false
    /// libcurl found nothing and is to be woken.
    var isStarved = false
    /// The feeding task, when there is more than the mark.
    var feeder: CheckedContinuation<Void, Never>?

    func append(_ chunk: [UInt8]) {
        guard !chunk.isEmpty else { return }
        chunks.append(chunk)
        count += chunk.count
    }

    /// Copies what fits and returns how much.
    func take(into target: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < target.count, let first = chunks.first {
            let part = min(target.count - filled, first.count - offset)
            first.withUnsafeBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: target[filled..<(filled + part)])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + part)]))
            }
            filled += part
            offset += part
            if offset == first.count {
                chunks.removeFirst()
                offset = 0
            }
        }
        count -= filled
        taken += filled
        if count < Self.mark { wakeFeeder() }
        return filled
    }

    func wakeFeeder() {
        feeder?.resume()
        feeder = nil
    }
}
