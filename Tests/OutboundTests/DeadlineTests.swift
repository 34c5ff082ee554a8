import Foundation
import Outbound
import Support
import Testing

@Suite("Deadlines and cancellation take a request off the wire")
struct DeadlineTests {
    /// Never answers; tells when the client hung up.
    private func silent() throws -> (server: LoopbackServer, heard: AsyncStream<String>) {
        let (heard, continuation) = AsyncStream<String>.makeStream()
        let server = try LoopbackServer { peer, heard in
            continuation.yield("request \(heard.path)")
            peer.waitForHangUp()
            continuation.yield("hung up \(heard.path)")
            return .close
        }
        return (server, heard)
    }

    @Test func idleReadAndIdleMutation() async throws {
        let (server, _) = try silent()
        defer { server.stop() }
        let outbound = makeOutbound()
        let deadlines = Deadlines(idle: .milliseconds(100))
        let read = await outboundError {
            try await outbound.send(Request(method: "GET", url: server.url + "/", deadlines: deadlines))
        }
        #expect(read?.isTimeout(beforeSent: false) == true)
        let write = await outboundError {
            try await outbound.send(
                Request(method: "POST", url: server.url + "/", deadlines: deadlines, retry: .mutation))
        }
        #expect(write?.isOutcomeUnknown == true)
        #expect(server.ledger.count == 2)
        #expect(await outbound.counters().timeouts == 2)
    }

    @Test func totalCoversSlowBytes() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while peer.send("x") { usleep(5000) }
            return .close
        }
        defer { server.stop() }
        let error = await outboundError {
            try await makeOutbound().send(
                Request(
                    method: "GET", url: server.url, deadlines: Deadlines(total: .milliseconds(200)), retry: .read))
        }
        #expect(error?.isTimeout(beforeSent: false) == true)
        #expect(server.ledger.count == 1)
    }

    /// The peer accepts and never says hello: nothing of the request has left.
    @Test func connectCoversTheHandshake() async throws {
        let (server, _) = try silent()
        defer { server.stop() }
        let url = server.url.replacingOccurrences(of: "http:", with: "https:")
        let error = await outboundError {
            try await makeOutbound().send(
                Request(method: "POST", url: url, deadlines: Deadlines(connect: .milliseconds(100))))
        }
        #expect(error?.isTimeout(beforeSent: true) == true)
    }

    @Test func waitingForABudgetHasADeadline() async throws {
        let (server, heard) = try silent()
        defer { server.stop() }
        let outbound = makeOutbound { $0.budgets = ["fly": Budget(ratePerSecond: 0.001, burst: 1)] }
        let request = Request(
            method: "POST", url: server.url + "/", deadlines: Deadlines(budget: .milliseconds(50)), budgets: ["fly"])
        let first = Task { try await outbound.send(request) }
        for await _ in heard { break }
        let error = await outboundError { try await outbound.send(request) }
        #expect(error?.isTimeout(beforeSent: true) == true)
        #expect(server.ledger.count == 1)
        first.cancel()
        #expect(await outboundError { try await first.value } == .cancelled)
    }

    @Test func cancellationHangsUp() async throws {
        let (server, heard) = try silent()
        defer { server.stop() }
        let outbound = makeOutbound()
        let task = Task { try await outbound.send(Request(method: "POST", url: server.url + "/x", retry: .mutation)) }
        var events = heard.makeAsyncIterator()
        #expect(await events.next() == "request /x")
        task.cancel()
        #expect(await events.next() == "hung up /x")
        #expect(await outboundError { try await task.value } == .cancelled)
        #expect(await outbound.counters().inFlight == 0)
    }

    @Test func cancellationBeforeAnythingWasSent() async throws {
        let (server, heard) = try silent()
        defer { server.stop() }
        let outbound = makeOutbound {
            $0.maxInFlight = 1
            $0.budgets = ["fly": Budget(ratePerSecond: 0.001, burst: 1)]
        }
        let first = Task { try await outbound.send(Request(method: "GET", url: server.url + "/1", budgets: ["fly"])) }
        for await _ in heard { break }
        let placeless = Task { try await outbound.send(Request(method: "GET", url: server.url + "/2")) }
        let budgetless = Task {
            try await outbound.send(Request(method: "GET", url: server.url + "/3", budgets: ["fly"]))
        }
        try await eventually("calls wait") { await outbound.counters().waiting == 2 }
        placeless.cancel()
        budgetless.cancel()
        #expect(await outboundError { try await placeless.value } == .cancelled)
        #expect(await outboundError { try await budgetless.value } == .cancelled)
        #expect(await outbound.counters().waiting == 0)
        first.cancel()
        _ = await first.result
        #expect(server.ledger.map(\.path) == ["/1"])
    }

    @Test func manyCancelledAtRandomLeaveNothingBehind() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond(body: "ok")
            return .keep
        }
        defer { server.stop() }
        var dice = Seed()
        let outbound = makeOutbound {
            $0.maxInFlight = 8
            $0.budgets = ["fly": Budget(ratePerSecond: 2000, burst: 20)]
        }
        let tasks = (0..<400).map { index in
            Task { try await outbound.send(Request(method: "GET", url: server.url + "/\(index)", budgets: ["fly"])) }
        }
        for task in tasks.shuffled(using: &dice).prefix(200) {
            task.cancel()
            if dice.roll(4) == 0 { await Task.yield() }
        }
        for task in tasks {
            switch await task.result {
            case .success(let response): #expect(response.text == "ok")
            case .failure(let error): #expect(error as? OutboundError == .cancelled)
            }
        }
        let counters = await outbound.counters()
        #expect(counters.inFlight == 0 && counters.waiting == 0)
        #expect(try await outbound.send(Request(method: "GET", url: server.url + "/after")).text == "ok")
    }

    @Test func closeLetsRunningCallsEndAndSendsWaitingOnesBack() async throws {
        let (open, gate) = AsyncStream<Void>.makeStream()
        let answer = DispatchSemaphore(value: 0)
        let server = try LoopbackServer { peer, _ in
            gate.yield()
            answer.wait()
            peer.respond(body: "done")
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound { $0.maxInFlight = 1 }
        let running = Task { try await outbound.send(Request(method: "POST", url: server.url + "/1")) }
        for await _ in open { break }
        let waiting = Task { try await outbound.send(Request(method: "POST", url: server.url + "/2")) }
        try await eventually("calls wait") { await outbound.counters().waiting == 1 }
        let closing = Task { await outbound.close() }
        #expect(await outboundError { try await waiting.value }?.isNotSent == true)
        answer.signal()
        #expect(try await running.value.text == "done")
        await closing.value
        #expect(
            await outboundError { try await outbound.send(Request(method: "GET", url: server.url)) }?.isNotSent == true)
        try await eventually("the connections are closed") { server.openConnections == 0 }
        await outbound.close()
    }

    @Test func tooManyWaitingAreRefused() async throws {
        let (server, heard) = try silent()
        defer { server.stop() }
        let outbound = makeOutbound {
            $0.maxInFlight = 1
            $0.maxWaiting = 1
        }
        let tasks = (0..<2).map { _ in Task { try await outbound.send(Request(method: "GET", url: server.url + "/")) } }
        for await _ in heard { break }
        try await eventually("calls wait") { await outbound.counters().waiting == 1 }
        let error = await outboundError { try await outbound.send(Request(method: "GET", url: server.url + "/")) }
        #expect(error?.isNotSent == true)
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }
}
