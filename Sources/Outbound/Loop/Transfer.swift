import CCurl

/// One request on one easy handle, from start to end. Lives on the loop thread; libcurl's callbacks write into it.
final class Transfer {
    /// A paused reader holds at most this much, plus what libcurl has in hand.
    static let holdBytes = 128 * 1024

    enum Ending {
        case response(Response)
        /// The head of a streamed response; the transfer goes on.
        case head(status: Int, Headers)
        case failed(Failure)
    }

    let number: UInt64
    let easy: EasyHandle
    let request: Request
    let isStreamed: Bool
    let deadline: Moment?
    let maxHeaderBytes: Int
    let upload: UploadBuffer?
    var headerList: UnsafeMutablePointer<curl_slist>?
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// libcurl had a usable connection and was allowed to write the request.
    var wasHandedOver = false
    var bytesSent = 0
    var preventedResend = false
    var lastProgress: Moment

    var status = 0
    var headers = Headers()
    var headerBytes = 0
    var isHeadComplete = false
    /// All of it, or of a streamed one what is not read yet.
    var body: [UInt8] = []
    var bodyBytes = 0
    var isTooLarge = false
    var isPaused = false

    var ending: CheckedContinuation<Ending, Never>?
    var reader: CheckedContinuation<Void, Never>?
    /// Set at the end of a streamed body: `.some(nil)` is a clean end.
    var streamEnd: Failure??

    init(
        number: UInt64, easy: EasyHandle, request: Request, isStreamed: Bool, deadline: Moment?, maxHeaderBytes: Int,
        upload: UploadBuffer?, now: Moment
    ) {
        self.number = number
        self.easy = easy
        self.request = request
        self.isStreamed = isStreamed
        self.deadline = deadline
        self.maxHeaderBytes = maxHeaderBytes
        self.upload = upload
        lastProgress = now
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_slist_free_all(headerList)
        errorText.deallocate()
    }

    /// Whether any byte of the request may have left.
    ///
    /// Over plain HTTP every successful write is reported (`CURLINFO_HEADER_OUT`), so no report is proof. Over TLS
    /// and HTTP/2 a write can fail after frames in front of it have left, so there a connection that was handed the
    /// request counts as sent.
    var wasSent: Bool { bytesSent > 0 || (wasHandedOver && request.url.hasPrefix("https:")) }

    /// When the deadlines have to be looked at next.
    var alarmAt: Moment {
        let idle = lastProgress.advanced(by: request.deadlines.idle)
        return deadline.map { min($0, idle) } ?? idle
    }

    /// Silence is the peer's only when we are neither holding its bytes back nor owing it some.
    var isIdleClockRunning: Bool { wasHandedOver && !isPaused && upload?.isStarved != true }

    func resumeReader() {
        reader?.resume()
        reader = nil
    }
}
