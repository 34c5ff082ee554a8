import Foundation
import Outbound
import Support
import Synchronization
import Testing

/// Random connection faults against the server's ledger. Every mutation has a path of its own, so a second send shows.
@Suite("No mutation is ever sent twice behind the caller's back")
struct FaultTests {
    enum Fault: CaseIterable {
        case answer, lastAnswer, close, reset, halfHead, halfBody, noise, throttled, failing, lateEnd
    }

    private struct Script {
        var dice: Seed
        /// What the server did with each request to a path, in order.
        var answers: [String: [Fault]] = [:]

        mutating func next(_ path: String) -> Fault {
            let fault: Fault = dice.roll(3) == 0 ? Fault.allCases[dice.roll(Fault.allCases.count)] : .answer
            answers[path, default: []].append(fault)
            return fault
        }
    }

    private static func play(_ fault: Fault, _ peer: Peer) -> LoopbackServer.After {
        switch fault {
        case .answer: peer.respond(body: "done")
        case .lastAnswer:
            peer.respond(body: "done")
            return .close
        case .close: return .close
        case .reset: return .reset
        case .halfHead:
            peer.send("HTTP/1.1 200 OK\r\nContent-")
            return .close
        case .halfBody:
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            return .close
        case .noise:
            peer.send("\u{0}\u{1}noise\r\n\r\n")
            return .close
        case .throttled: peer.respond(429, headers: ["Retry-After": "0"])
        case .failing: peer.respond(503)
        case .lateEnd:
            // The answer is complete, and then the kept connection is reset under the next request.
            peer.respond(body: "done")
            return .reset
        }
        return .keep
    }

    private static func call(_ outbound: Outbound, _ url: String, _ index: Int) async -> (
        String, Result<Int, OutboundError>
    ) {
        let method = ["POST", "DELETE", "PUT"][index % 3]
        let body: [UInt8]? = method == "DELETE" ? nil : Array(repeating: 65, count: index % 7 == 0 ? 200_000 : 20)
        let path = "/\(method)/\(index)"
        do {
            let response = try await outbound.send(
                Request(method: method, url: url + path, body: body, retry: .mutation))
            return (path, .success(response.status))
        } catch {
            return (path, .failure(error as! OutboundError))
        }
    }

    @Test func mutations() async throws {
        let script = Mutex(Script(dice: Seed()))
        let server = try LoopbackServer { peer, heard in
            Self.play(script.withLock { $0.next(heard.path) }, peer)
        }
        defer { server.stop() }
        let outbound = makeOutbound { $0.maxInFlight = 6 }
        let results = await withTaskGroup(of: (String, Result<Int, OutboundError>).self) { group in
            for index in 0..<1500 { group.addTask { await Self.call(outbound, server.url, index) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for (path, result) in results {
            check(path, result, script.withLock { $0.answers[path] ?? [] })
        }
        #expect(results.count == 1500)
        #expect(await outbound.counters().resendsPrevented > 0, "the faults did not reach the case they are for")
    }

    private func check(_ path: String, _ result: Result<Int, OutboundError>, _ answers: [Fault]) {
        #expect(answers.dropLast().allSatisfy { $0 == .throttled }, "\(path) was repeated after \(answers)")
        switch result {
        case .success(200): #expect([Fault.answer, .lastAnswer, .lateEnd].contains(answers.last), "\(path)")
        case .success(503): #expect(answers.last == .failing, "\(path)")
        case .success(429): #expect(answers.last == .throttled, "\(path)")
        case .success(let status): Issue.record("\(path) ended with \(status)")
        case .failure(let error):
            if error.isSurelyNotSent { #expect(answers.allSatisfy { $0 == .throttled }, "\(path): \(error)") }
            #expect(error.isNotSent || error.isOutcomeUnknown, "\(path): \(error)")
        }
    }
}
