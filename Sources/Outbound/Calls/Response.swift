/// Response headers in the order received, found by name whatever its case.
public struct Headers: Sendable {
    public private(set) var pairs: [(name: String, value: String)] = []

    public init(_ pairs: [(String, String)] = []) {
        for (name, value) in pairs { append(name, value) }
    }

    /// The first value of that name.
    public subscript(_ name: String) -> String? {
        let wanted = name.lowercased()
        return pairs.first { $0.name == wanted }?.value
    }

    /// Every value of that name, in order.
    public func values(_ name: String) -> [String] {
        let wanted = name.lowercased()
        return pairs.filter { $0.name == wanted }.map(\.value)
    }

    mutating func append(_ name: String, _ value: String) {
        pairs.append((name.lowercased(), value))
    }
}

/// A complete answer, whatever its status: 408 and 5xx on a mutation are for the vendor layer to decide.
public struct Response: Sendable {
    public let status: Int
    /// Trailers included, except for names that the head has too. Over HTTP/2 libcurl (7.88.1) drops the trailers of an
    /// answer that announced its length.
    public let headers: Headers
    public let body: [UInt8]
    /// The vendor's name of this request (`fly-request-id` and the like), for logs.
    public let requestID: String?

    public init(status: Int, headers: Headers, body: [UInt8], requestID: String? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.requestID = requestID
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// An answer whose body is read as it comes. The connection is held back while nobody reads, and closed when
/// `body` is dropped or the reading task is cancelled.
public struct StreamedResponse: Sendable {
    public let status: Int
    public let headers: Headers
    public let requestID: String?
    /// Throws `OutboundError` when the body ends early. To a cancelled reader it may just end (so does every
    /// `AsyncThrowingStream`): who needs the whole takes ``forEachChunk(_:)``.
    public let body: AsyncThrowingStream<[UInt8], any Error>

    /// Reads the body to its end.
    ///
    /// - Throws: `OutboundError`, `.cancelled` for a cancelled reader too.
    public func forEachChunk(_ take: ([UInt8]) throws -> Void) async throws {
        for try await chunk in body { try take(chunk) }
        if Task.isCancelled { throw OutboundError.cancelled }
    }
}
