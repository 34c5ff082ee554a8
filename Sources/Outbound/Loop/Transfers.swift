import CCurl

/// Transfers from the first option to the last byte.
extension Engine {
    /// Runs one request on the wire. The caller has taken a place; the end of the transfer releases it.
    func run(_ request: Request, isStreamed: Bool, deadline: Moment?) async -> (UInt64, Transfer.Ending) {
        let number = number()
        guard let body = request.bodyStream else {
            return (number, await start(number, request, isStreamed: isStreamed, deadline: deadline, upload: nil))
        }
        let upload = UploadBuffer()
        uploads[number] = upload
        let ending = await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.pump(body, into: number) }
            let ending = await start(number, request, isStreamed: isStreamed, deadline: deadline, upload: upload)
            // What is left of the body interests nobody any more.
            group.cancelAll()
            stopUpload(number)
            return ending
        }
        return (number, ending)
    }

    private func start(
        _ number: UInt64, _ request: Request, isStreamed: Bool, deadline: Moment?, upload: UploadBuffer?
    ) async -> Transfer.Ending {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let problem: Failure? =
                    if Task.isCancelled {
                        Failure(kind: .cancelled, wasSent: false, text: "cancelled")
                    } else {
                        begin(
                            number, request, isStreamed: isStreamed, deadline: deadline, upload: upload, continuation)
                    }
                guard let problem else { return }
                releasePlace()
                continuation.resume(returning: .failed(problem))
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
    }

    private func begin(
        _ number: UInt64, _ request: Request, isStreamed: Bool, deadline: Moment?, upload: UploadBuffer?,
        _ continuation: CheckedContinuation<Transfer.Ending, Never>
    ) -> Failure? {
        guard let easy = pool.take() else {
            return Failure(kind: .setting, wasSent: false, text: "libcurl has no memory for a handle")
        }
        let transfer = Transfer(
            number: number, easy: easy, request: request, isStreamed: isStreamed, deadline: deadline,
            maxHeaderBytes: settings.maxHeaderBytes, upload: upload, now: .now)
        transfer.configure(settings)
        guard loop.multi.add(easy) else {
            pool.giveBack(easy)
            return Failure(kind: .setting, wasSent: false, text: "libcurl did not accept the request")
        }
        transfer.ending = continuation
        transfers[number] = transfer
        byHandle[easy] = transfer
        if isStreamed { streams[number] = transfer }
        alarms.set(number, at: transfer.alarmAt)
        counters.attempts += 1
        return nil
    }

    func checkDeadlines(of transfer: Transfer, at now: Moment) {
        if let deadline = transfer.deadline, deadline <= now {
            return end(transfer, Failure(.totalTimeout, transfer, "the total deadline passed"))
        }
        if !transfer.isIdleClockRunning {
            transfer.lastProgress = now
        } else if transfer.lastProgress.advanced(by: transfer.request.deadlines.idle) <= now {
            return end(transfer, Failure(.idleTimeout, transfer, "no byte for \(transfer.request.deadlines.idle)"))
        }
        alarms.set(transfer.number, at: transfer.alarmAt)
    }

    /// libcurl is done with it. It calls a head that was cut off in the middle a success (7.88.1); we don't.
    func finish(_ transfer: Transfer, _ code: CURLcode) {
        if code != CURLE_OK { return end(transfer, Failure(code, transfer)) }
        let cut = Failure(.connection, transfer, "the response ended before its headers did")
        end(transfer, transfer.isHeadComplete ? nil : cut)
    }

    /// Ends a transfer from either side and tells whoever waits. A transfer that libcurl had not finished loses its
    /// connection, so nothing of it can reach the next one.
    func end(_ transfer: Transfer, _ failure: Failure?) {
        count(transfer, failure)
        loop.multi.remove(transfer.easy)
        transfers[transfer.number] = nil
        byHandle[transfer.easy] = nil
        alarms.clear(transfer.number)
        pool.giveBack(transfer.easy)
        releasePlace()
        tell(transfer, failure)
        if transfers.isEmpty {
            emptied?.resume()
            emptied = nil
        }
    }

    private func count(_ transfer: Transfer, _ failure: Failure?) {
        counters.connections += transfer.easy.long(CURLINFO_NUM_CONNECTS)
        counters.bytesSent += transfer.bytesSent
        counters.bytesReceived += transfer.headerBytes + transfer.bodyBytes
        if transfer.preventedResend { counters.resendsPrevented += 1 }
        switch failure?.kind {
        case .connectTimeout, .idleTimeout, .totalTimeout: counters.timeouts += 1
        default: break
        }
    }

    private func tell(_ transfer: Transfer, _ failure: Failure?) {
        let ending = transfer.ending
        transfer.ending = nil
        if let failure {
            if let ending {
                streams[transfer.number] = nil
                ending.resume(returning: .failed(failure))
            }
        } else if !transfer.isStreamed {
            let requestID = requestID(transfer.headers)
            ending?.resume(
                returning: .response(
                    Response(
                        status: transfer.status, headers: transfer.headers, body: transfer.body, requestID: requestID)))
        } else {
            ending?.resume(returning: .head(status: transfer.status, transfer.headers))
        }
        transfer.streamEnd = .some(failure)
        transfer.resumeReader()
    }

    func requestID(_ headers: Headers) -> String? {
        settings.requestIDHeaders.lazy.compactMap { headers[$0] }.first
    }
}
