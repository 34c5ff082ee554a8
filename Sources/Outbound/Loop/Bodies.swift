import CCurl

/// Bodies that flow while the transfer runs: requests in, responses out, each held back by the slower side.
extension Engine {
    /// The next piece of a streamed response; `nil` at its end.
    func nextChunk(_ number: UInt64) async throws -> [UInt8]? {
        guard let transfer = streams[number] else { return nil }
        while true {
            if !transfer.body.isEmpty {
                let chunk = transfer.body
                transfer.body = []
                proceed(transfer)
                return chunk
            }
            if let end = transfer.streamEnd {
                streams[number] = nil
                if let failure = end { throw failure.error(for: transfer.request) }
                return nil
            }
            precondition(transfer.reader == nil, "a streamed body has one reader")
            await withTaskCancellationHandler {
                await withCheckedContinuation { wait(for: transfer, $0) }
            } onCancel: {
                Task { await self.abandon(number) }
            }
            if Task.isCancelled {
                abandon(number)
                throw OutboundError.cancelled
            }
        }
    }

    /// A method, because calling it proves that the closures around it run here: one that does not name `self` belongs to
    /// no actor and runs on any thread, beside the callback that it waits for. What was seen on the way to it is looked at
    /// once more: the loop may have turned.
    private func wait(for transfer: Transfer, _ reader: CheckedContinuation<Void, Never>) {
        let isWaiting = transfer.body.isEmpty && transfer.streamEnd == nil && !Task.isCancelled
        if isWaiting { transfer.reader = reader } else { reader.resume() }
    }

    /// Nobody reads on: the connection is closed.
    func abandon(_ number: UInt64) {
        guard let transfer = streams.removeValue(forKey: number), transfers[number] != nil else { return }
        end(transfer, Failure(.cancelled, transfer, "the reader is gone"))
    }

    /// libcurl may hand over what it kept while paused before this returns.
    private func proceed(_ transfer: Transfer) {
        guard transfers[transfer.number] != nil, transfer.isPaused else { return }
        transfer.isPaused = false
        transfer.lastProgress = .now
        curl_easy_pause(transfer.easy.raw, CURLPAUSE_CONT)
    }

    /// Reads the request body for as long as the transfer takes it.
    func pump(_ body: BodyStream, into number: UInt64) async {
        do {
            try await body.pump { chunk in try await self.feed(number, chunk) }
            uploads[number]?.isFinished = true
        } catch {
            uploads[number]?.isBroken = true
        }
        wakeUpload(number)
    }

    private func feed(_ number: UInt64, _ chunk: [UInt8]) async throws {
        guard let upload = uploads[number] else { throw CancellationError() }
        upload.append(chunk)
        wakeUpload(number)
        if upload.count >= UploadBuffer.mark {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let isWaiting =
                        upload.count >= UploadBuffer.mark && uploads[number] != nil && !Task.isCancelled
                    if isWaiting { upload.feeder = continuation } else { continuation.resume() }
                }
            } onCancel: {
                Task { await self.stopUpload(number) }
            }
        }
        guard !Task.isCancelled, uploads[number] != nil else { throw CancellationError() }
    }

    private func wakeUpload(_ number: UInt64) {
        guard let transfer = transfers[number], let upload = transfer.upload, upload.isStarved else { return }
        upload.isStarved = false
        transfer.lastProgress = .now
        curl_easy_pause(transfer.easy.raw, CURLPAUSE_CONT)
    }

    func stopUpload(_ number: UInt64) {
        uploads.removeValue(forKey: number)?.wakeFeeder()
    }
}
