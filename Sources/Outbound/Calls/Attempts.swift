import FoundationEssentials
import Logging

/// A call from its budgets to its answer, with the repeats its class allows.
extension Engine {
    /// The last ending, with the number under which a streamed body is read.
    func perform(_ request: Request, isStreamed: Bool) async throws(OutboundError) -> (UInt64, Transfer.Ending) {
        counters.calls += 1
        if let problem = request.problem() { throw .notSent("\(request.label): \(problem)") }
        let rule = RepeatRule(retry: request.bodyStream == nil ? request.retry : .never)
        var deadline: Moment?
        var attempt = 1
        while true {
            try checkBreaker(of: request)
            try await waitForBudgets(request, until: deadline ?? .now.advanced(by: request.deadlines.budget))
            if attempt == 1 { deadline = request.deadlines.total.map { .now.advanced(by: $0) } }
            try await waitForPlace(request, until: deadline)
            let (number, ending) = try await exchange(request, isStreamed: isStreamed, deadline, attempt)
            let wait = rule.wait(
                after: rated(ending), attempt: attempt, remaining: deadline.map { Moment.now.duration(to: $0) },
                chance: .random(in: 0..<1))
            guard let wait else {
                if case .failed(let failure) = ending { throw thrown(failure, request) }
                return (number, ending)
            }
            abandon(number)
            counters.repeats += 1
            attempt += 1
            do { try await Task.sleep(for: wait) } catch { throw .cancelled }
        }
    }

    private func exchange(
        _ request: Request, isStreamed: Bool, _ deadline: Moment?, _ attempt: Int
    ) async throws(OutboundError) -> (UInt64, Transfer.Ending) {
        let ticket: Breaker.Ticket?
        do throws(OutboundError) {
            ticket = try admit(request)
        } catch {
            releasePlace()
            throw error
        }
        let start = Moment.now
        let result = await run(request, isStreamed: isStreamed, deadline: deadline)
        let now = Moment.now
        if let name = request.breaker, let ticket { record(result.1, request, name, ticket, at: now) }
        if case .response(429, let after) = rated(result.1) { throttle(request, after, at: now) }
        log(request, result.1, attempt, start.duration(to: now))
        return result
    }

    private func waitForBudgets(_ request: Request, until limit: Moment) async throws(OutboundError) {
        let wake = await takeBudgets(request.budgets, until: limit)
        try go(wake, request, "waiting for budget \(request.budgets.map(\.text).joined(separator: " + "))")
    }

    private func waitForPlace(_ request: Request, until limit: Moment?) async throws(OutboundError) {
        try go(await takePlace(until: limit), request, "waiting for one of \(settings.maxInFlight) places")
    }

    private func go(_ wake: Wake, _ request: Request, _ what: String) throws(OutboundError) {
        switch wake {
        case .granted: return
        case .cancelled: throw .cancelled
        case .closed: throw .notSent("\(request.label): outbound calls are closed")
        case .refused(let reason): throw .notSent("\(request.label): \(reason)")
        case .expired:
            counters.timeouts += 1
            throw .timedOut(beforeSent: true, "\(request.label): \(what)")
        }
    }

    /// Asked before waiting, so that an open breaker costs neither time nor budget.
    private func checkBreaker(of request: Request) throws(OutboundError) {
        guard let name = request.breaker else { return }
        let now = Moment.now
        guard let until = breakers.refusal(of: name, at: now) else { return }
        counters.refused += 1
        throw .refused(by: name, until: Self.date(until, now: now))
    }

    /// Asked again when it really goes out; from here on it is counted.
    private func admit(_ request: Request) throws(OutboundError) -> Breaker.Ticket? {
        guard let name = request.breaker else { return nil }
        let now = Moment.now
        switch breakers.admit(name, at: now) {
        case .go(let ticket): return ticket
        case .refused(let until):
            counters.refused += 1
            throw .refused(by: name, until: Self.date(until, now: now))
        }
    }

    private func record(
        _ ending: Transfer.Ending, _ request: Request, _ name: String, _ ticket: Breaker.Ticket, at now: Moment
    ) {
        let isBad = { (status: Int) in status >= 500 && request.breaksOnServerErrors }
        let result: Breaker.Result =
            switch ending {
            case .response(let response): isBad(response.status) ? .failure : .success
            case .head(let status, _): isBad(status) ? .failure : .success
            case .failed(let failure): failure.isPeersFault ? .failure : .unknown
            }
        let wasOpen = breakers.open[name] != nil
        breakers.record(result, for: name, ticket, at: now)
        let isOpen = breakers.open[name] != nil
        if isOpen, !wasOpen { logger.warning("breaker opened", metadata: ["vendor": "\(name)"]) }
        if !isOpen, wasOpen { logger.notice("breaker closed", metadata: ["vendor": "\(name)"]) }
    }

    private func throttle(_ request: Request, _ after: Duration?, at now: Moment) {
        counters.throttled += 1
        guard let after, let name = request.budgets.max(by: { $0.depth < $1.depth }) else { return }
        budgets.pause(name, until: now.advanced(by: after), at: now)
    }

    private func rated(_ ending: Transfer.Ending) -> RepeatRule.Ending {
        switch ending {
        case .response(let response): .response(status: response.status, retryAfter: retryAfter(response.headers))
        case .head(let status, let headers): .response(status: status, retryAfter: retryAfter(headers))
        case .failed(let failure): .failure(failure)
        }
    }

    private func retryAfter(_ headers: Headers) -> Duration? {
        headers["retry-after"].flatMap { RetryAfter.seconds($0, now: Date()) }
            .map { .seconds(min($0, settings.maxPauseSeconds)) }
    }

    private func thrown(_ failure: Failure, _ request: Request) -> OutboundError {
        let error = failure.error(for: request)
        if case .outcomeUnknown = error { counters.outcomesUnknown += 1 }
        return error
    }

    private func log(_ request: Request, _ ending: Transfer.Ending, _ attempt: Int, _ time: Duration) {
        var metadata: Logger.Metadata = [
            "call": "\(request.label)", "ms": "\(time.milliseconds)", "attempt": "\(attempt)",
        ]
        switch ending {
        case .response(let response):
            metadata["status"] = "\(response.status)"
            metadata["request-id"] = response.requestID.map { "\($0)" }
        case .head(let status, let headers):
            metadata["status"] = "\(status)"
            metadata["request-id"] = requestID(headers).map { "\($0)" }
        case .failed(let failure):
            metadata["failure"] = "\(failure.text)"
            metadata["sent"] = "\(failure.wasSent)"
        }
        logger.debug("outbound call", metadata: metadata)
    }
}
