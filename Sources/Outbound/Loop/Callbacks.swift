import CCurl

/// What libcurl calls while it performs, always on the loop thread. They only note what happened: a continuation
/// resumed here continues on its own executor.
enum Callbacks {
    private static func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
        Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
    }

    static let header: ccurl_bytes = { bytes, size, count, context in
        let transfer = Callbacks.transfer(context)
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        transfer.lastProgress = .now
        return transfer.note(header: line) ? line.count : 0
    }

    static let body: ccurl_bytes = { bytes, size, count, context in
        let transfer = Callbacks.transfer(context)
        let part = UnsafeRawBufferPointer(start: bytes, count: size * count)
        transfer.lastProgress = .now
        if transfer.isStreamed {
            if transfer.body.count >= Transfer.holdBytes {
                transfer.isPaused = true
                return Int(CURL_WRITEFUNC_PAUSE)
            }
            transfer.bodyBytes += part.count
            transfer.body.append(contentsOf: part)
            transfer.resumeReader()
            return part.count
        }
        transfer.bodyBytes += part.count
        guard transfer.body.count + part.count <= transfer.request.maxResponseBytes else {
            transfer.isTooLarge = true
            return 0
        }
        transfer.body.append(contentsOf: part)
        return part.count
    }

    static let upload: ccurl_bytes = { bytes, size, count, context in
        let transfer = Callbacks.transfer(context)
        guard let upload = transfer.upload, !upload.isBroken else { return Int(CURL_READFUNC_ABORT) }
        transfer.lastProgress = .now
        let taken = upload.take(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        if taken > 0 { return taken }
        // Short of the announced length, the peer would wait for the rest until a deadline.
        if upload.isFinished, upload.taken < transfer.request.bodyStream?.length ?? 0 { upload.isBroken = true }
        if upload.isFinished { return upload.isBroken ? Int(CURL_READFUNC_ABORT) : 0 }
        upload.isStarved = true
        return Int(CURL_READFUNC_PAUSE)
    }

    /// libcurl is about to write the request to a connection. On a kept connection that dies without an answer it
    /// comes here again: `Curl_retry_request` (lib/transfer.c, 7.88.1) repeats any method, a POST too, up to five
    /// times. For a mutation that would be a silent second send, so a second visit after bytes went out is refused.
    static let ready: ccurl_ready = { context, _, _, _, _ in
        let transfer = Callbacks.transfer(context)
        if transfer.request.retry != .read, transfer.wasSent {
            transfer.preventedResend = true
            return CURL_PREREQFUNC_ABORT
        }
        transfer.wasHandedOver = true
        transfer.lastProgress = .now
        return CURL_PREREQFUNC_OK
    }

    /// Reports every successful write of request bytes. The bytes themselves are secrets and are not looked at.
    static let trace: ccurl_trace = { _, kind, _, count, context in
        if kind == CURLINFO_HEADER_OUT || kind == CURLINFO_DATA_OUT {
            let transfer = Callbacks.transfer(context)
            transfer.bytesSent += count
            transfer.lastProgress = .now
        }
        return 0
    }
}

extension Transfer {
    /// One header line. `false` ends the transfer: too many bytes.
    fileprivate func note(header line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= maxHeaderBytes else {
            isTooLarge = true
            return false
        }
        if isHeadComplete { return note(trailer: line) }
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // 1xx answers come before the real one.
            status = Int(text.split(separator: " ", maxSplits: 2).dropFirst().first?.prefix(3) ?? "") ?? 0
            headers = Headers()
            return true
        }
        if text.utf8.first == UInt8(ascii: "\r") || text.utf8.first == UInt8(ascii: "\n") {
            if status >= 200 { completeHead() }
            return true
        }
        if let (name, value) = Self.field(in: text) { headers.append(name, value) }
        return true
    }

    /// Comes after the body (Caddy 2.6 sends its `Etag` so). The head of a streamed answer has been handed over by
    /// then; in a whole one a trailer adds what the head did not say and changes nothing that it did.
    private func note(trailer line: UnsafeRawBufferPointer) -> Bool {
        guard !isStreamed, let (name, value) = Self.field(in: String(decoding: line, as: UTF8.self)),
            headers[name] == nil
        else { return true }
        headers.append(name, value)
        return true
    }

    private static func field(in line: String) -> (name: String, value: String)? {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        return (String(line[..<colon]), String(value.prefix { $0 != "\r" && $0 != "\r\n" && $0 != "\n" }))
    }

    private func completeHead() {
        isHeadComplete = true
        guard isStreamed else { return }
        ending?.resume(returning: .head(status: status, headers))
        ending = nil
    }
}
