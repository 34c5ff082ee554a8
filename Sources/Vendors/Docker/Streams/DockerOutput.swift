/// What a command or a container said, the end of it. May hold anything: not for logs.
public struct DockerOutput: Sendable, Equatable {
    public var standardOutput: [UInt8]
    public var standardError: [UInt8]
    /// Bytes in front of each that were not kept.
    public var droppedBytes: Int
    /// The stream was read to its end. Otherwise the deadline passed or the connection broke first.
    public var isComplete: Bool

    public init(
        standardOutput: [UInt8] = [], standardError: [UInt8] = [], droppedBytes: Int = 0, isComplete: Bool = true
    ) {
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.droppedBytes = droppedBytes
        self.isComplete = isComplete
    }

    /// Bytes that are not UTF-8 become U+FFFD.
    public var outputText: String { String(decoding: standardOutput, as: UTF8.self) }
    public var errorText: String { String(decoding: standardError, as: UTF8.self) }
}

/// Sorts a framed stream into the tails of its two outputs.
struct OutputCollector {
    private var decoder = FrameDecoder()
    private var output: ByteTail
    private var error: ByteTail
    private(set) var daemonText = ByteTail(limit: 500)
    private var isRaw = false
    private var hasBegun = false
    let mayBeRaw: Bool

    /// - Parameter mayBeRaw: a stream that does not begin with a frame is taken as it is (a container with a terminal).
    init(limitBytes: Int, mayBeRaw: Bool) {
        output = ByteTail(limit: limitBytes)
        error = ByteTail(limit: limitBytes)
        self.mayBeRaw = mayBeRaw
    }

    mutating func feed(_ chunk: [UInt8]) throws(FrameDecoder.Malformed) {
        if mayBeRaw, !hasBegun, let first = chunk.first {
            hasBegun = true
            isRaw = first > FrameDecoder.Source.daemon.rawValue
        }
        if isRaw { return output.append(chunk[...]) }
        try decoder.feed(chunk) { source, part in
            switch source {
            case .input, .output: output.append(part)
            case .error: error.append(part)
            case .daemon: daemonText.append(part)
            }
        }
    }

    mutating func result(isComplete: Bool) -> DockerOutput {
        let (out, err) = (output.bytes, error.bytes)
        return DockerOutput(
            standardOutput: out, standardError: err, droppedBytes: output.dropped + error.dropped,
            isComplete: isComplete && decoder.isAtBorder)
    }

    var daemonMessage: String? {
        mutating get {
            let bytes = daemonText.bytes
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        }
    }
}
