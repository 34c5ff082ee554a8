import Outbound
import Synchronization
import Testing

@Suite("Calls are repeated as their class says")
struct RepeatTests {
    /// Answers with these statuses in turn, then 200.
    private func server(_ statuses: [Int], headers: [String: String] = [:]) throws -> LoopbackServer {
        let left = Mutex(statuses[...])
        return try LoopbackServer { peer, _ in
            let status = left.withLock { $0.popFirst() } ?? 200
            peer.respond(status, headers: status == 200 ? [:] : headers, body: "\(status)")
            return .keep
        }
    }

    @Test func readsGetOverServerErrors() async throws {
        let server = try server([503, 429, 502])
        defer { server.stop() }
        let outbound = makeOutbound()
        let response = try await outbound.send(Request(method: "GET", url: server.url, retry: .read))
        #expect(response.status == 200)
        #expect(server.ledger.count == 4)
        let counters = await outbound.counters()
        #expect(counters.calls == 1)
        #expect(counters.attempts == 4)
        #expect(counters.repeats == 3)
        #expect(counters.throttled == 1)
    }

    @Test func theLastAnswerIsHandedBack() async throws {
        let server = try server(Array(repeating: 503, count: 10))
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "GET", url: server.url, retry: .read))
        #expect(response.status == 503)
        #expect(server.ledger.count == 4)
    }

    @Test func mutationsRepeatOnlyOn429() async throws {
        let server = try server([429, 503])
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "POST", url: server.url, retry: .mutation))
        #expect(response.status == 503)
        #expect(server.ledger.count == 2)
    }

    @Test func aMutationThatWasNotSentIsRepeated() async throws {
        let outbound = makeOutbound()
        let error = await outboundError {
            try await outbound.send(Request(method: "POST", url: "http://127.0.0.1:1/", retry: .mutation))
        }
        #expect(error?.isNotSent == true)
        #expect(await outbound.counters().attempts == 4)
    }

    @Test func anAnswerThatCannotBeRepeatedInTimeIsHandedBackAtOnce() async throws {
        let server = try server([429], headers: ["Retry-After": "3600"])
        defer { server.stop() }
        let response = try await makeOutbound().send(Request(method: "GET", url: server.url, retry: .read))
        #expect(response.status == 429)
        #expect(server.ledger.count == 1)
    }

    /// The pause holds other calls of the same target back, and nobody else.
    @Test func retryAfterPausesTheMostSpecificBudget() async throws {
        let server = try server([429], headers: ["Retry-After": "60"])
        defer { server.stop() }
        let outbound = makeOutbound {
            $0.budgets = [
                "fly": Budget(ratePerSecond: 1000, burst: 100), "fly/get/*": Budget(ratePerSecond: 100, burst: 10),
            ]
        }
        let first = Request(method: "POST", url: server.url + "/a", budgets: ["fly/get/a", "fly"], retry: .never)
        #expect(try await outbound.send(first).status == 429)
        var second = first
        second.deadlines.budget = .milliseconds(50)
        let error = await outboundError { [second] in try await outbound.send(second) }
        #expect(error?.isTimeout(beforeSent: true) == true)
        let other = Request(method: "POST", url: server.url + "/b", budgets: ["fly/get/b", "fly"], retry: .never)
        #expect(try await outbound.send(other).status == 200)
        #expect(server.ledger.map(\.path) == ["/a", "/b"])
    }

    @Test func breakersOpenPerNameAndRefuse() async throws {
        let server = try server(Array(repeating: 500, count: 3))
        defer { server.stop() }
        let outbound = makeOutbound {
            $0.breakers = BreakerSettings(failures: 3, open: .milliseconds(1), maxOpen: .seconds(60))
        }
        let sick = Request(method: "GET", url: server.url, breaker: "droplet/a")
        for _ in 0..<3 { #expect(try await outbound.send(sick).status == 500) }
        #expect(await outbound.counters().openBreakers.keys.contains("droplet/a"))
        #expect(try await outbound.send(Request(method: "GET", url: server.url, breaker: "droplet/b")).status == 200)
        // The probe after the open time closes it.
        while await outbound.counters().openBreakers["droplet/a"] != nil {
            if let error = await outboundError(of: { try await outbound.send(sick) }) { #expect(error.isRefused) }
        }
        #expect(try await outbound.send(sick).status == 200)
    }

    @Test func anOpenBreakerSendsNothing() async throws {
        let outbound = makeOutbound { $0.breakers = BreakerSettings(failures: 2, open: .seconds(60)) }
        let request = Request(method: "GET", url: "http://127.0.0.1:1/", breaker: "fly")
        for _ in 0..<2 { #expect(await outboundError { try await outbound.send(request) }?.isNotSent == true) }
        let error = await outboundError { try await outbound.send(request) }
        #expect(error?.isRefused == true)
        #expect(error?.isSurelyNotSent == true)
        let counters = await outbound.counters()
        #expect(counters.attempts == 2)
        #expect(counters.refused == 1)
    }
}
