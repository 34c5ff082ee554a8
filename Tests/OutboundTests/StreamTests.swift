import Foundation
import Outbound
import Synchronization
import Testing

@Suite("Bodies flow at the speed of the slower side")
struct StreamTests {
    private static let size = 100 << 20
    /// What the kernel may hold in both socket buffers, with room to spare; far below the whole.
    private static let held = 20 << 20

    /// Waits until a count stays the same for a while: its other side is blocked.
    private func settled(_ count: @Sendable () -> Int) async throws -> Int {
        var last = -1
        var same = 0
        while same < 5 {
            try await Task.sleep(for: .milliseconds(20))
            same = count() == last ? same + 1 : 0
            last = count()
        }
        return last
    }

    @Test func aSlowReaderHoldsTheSenderBack() async throws {
        let sent = Atomic(0)
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
            let block = [UInt8](repeating: 7, count: 1 << 20)
            for _ in 0..<100 where peer.send(block) { sent.add(block.count, ordering: .relaxed) }
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        let response = try await outbound.stream(
            Request(method: "GET", url: server.url, deadlines: Deadlines(total: nil, idle: .seconds(5))))
        #expect(response.status == 200)
        var received = 0
        var pauses = 0
        for try await chunk in response.body {
            #expect(chunk.count <= 1 << 20)
            received += chunk.count
            if received > pauses * (30 << 20) {
                pauses += 1
                let ahead = try await settled { sent.load(ordering: .relaxed) } - received
                #expect(ahead < Self.held, "the sender is \(ahead) bytes ahead")
            }
        }
        #expect(received == Self.size)
        #expect(pauses == 4)
        #expect(await outbound.counters().inFlight == 0)
    }

    @Test func aBodyThatEndsEarlyThrows() async throws {
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            return .close
        }
        defer { server.stop() }
        let response = try await makeOutbound().stream(Request(method: "GET", url: server.url))
        var text = ""
        let error = await outboundError {
            for try await chunk in response.body { text += String(decoding: chunk, as: UTF8.self) }
        }
        #expect(text == "half")
        #expect(error?.isOutcomeUnknown == true)
    }

    @Test(arguments: ["dropped", "cancelled"])
    func aReaderThatLeavesHangsUp(how: String) async throws {
        let (gone, left) = AsyncStream<Void>.makeStream()
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            peer.waitForHangUp()
            left.yield()
            return .close
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        let (first, begun) = AsyncStream<Void>.makeStream()
        let task = Task {
            let response = try await outbound.stream(Request(method: "GET", url: server.url))
            for try await chunk in response.body {
                #expect(chunk == Array("one".utf8))
                begun.yield()
                if how == "dropped" { break }
            }
        }
        for await _ in first { break }
        if how == "cancelled" { task.cancel() }
        for await _ in gone { break }
        _ = await task.result
        #expect(await outbound.counters().inFlight == 0)
    }

    @Test func readsOfAStreamAreRepeatedBeforeItsHead() async throws {
        let answers = Mutex([503, 200][...])
        let server = try LoopbackServer { peer, _ in
            peer.respond(answers.withLock { $0.removeFirst() }, body: "body")
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        let response = try await outbound.stream(Request(method: "GET", url: server.url, retry: .read))
        var body: [UInt8] = []
        for try await chunk in response.body { body += chunk }
        #expect(response.status == 200)
        #expect(body == Array("body".utf8))
        #expect(server.ledger.count == 2)
    }

    @Test(arguments: [nil, 4 << 20]) func aStreamedUploadArrives(length: Int?) async throws {
        let server = try LoopbackServer { peer, heard in
            peer.respond(body: "\(heard.body.count)")
            return .keep
        }
        defer { server.stop() }
        let chunks = (0..<64).map { index in [UInt8](repeating: UInt8(index), count: 64 << 10) }
        let body = BodyStream(
            AsyncStream {
                for chunk in chunks { $0.yield(chunk) }
                $0.finish()
            }, length: length)
        let response = try await makeOutbound().send(Request(method: "PUT", url: server.url, bodyStream: body))
        #expect(response.text == "\(4 << 20)")
        let heard = try #require(server.ledger.first)
        #expect(heard.body == chunks.flatMap(\.self))
        #expect(heard.method == "PUT")
        #expect((heard.headers["transfer-encoding"] == "chunked") == (length == nil))
    }

    @Test func aWrittenUploadArrives() async throws {
        let server = try LoopbackServer { peer, heard in
            peer.respond(body: "\(heard.body.count)")
            return .keep
        }
        defer { server.stop() }
        let body = BodyStream(length: 300) { feed in
            for part in [100, 200] { try await feed([UInt8](repeating: 7, count: part)) }
        }
        let response = try await makeOutbound().send(Request(method: "PUT", url: server.url, bodyStream: body))
        #expect(response.text == "300")
        #expect(server.ledger.first?.headers["content-length"] == "300")
    }

    @Test func aSlowPeerHoldsTheProducerBack() async throws {
        let gate = DispatchSemaphore(value: 0)
        let answer: LoopbackServer.Answer = { peer, heard in
            peer.respond(body: "\(heard.body.count)")
            return .keep
        }
        let server = try LoopbackServer(beforeReading: { gate.wait() }, answer)
        defer { server.stop() }
        let made = Atomic(0)
        let chunks = AsyncStream<[UInt8]>(unfolding: {
            guard made.load(ordering: .relaxed) < Self.size else { return nil }
            made.add(1 << 20, ordering: .relaxed)
            return [UInt8](repeating: 1, count: 1 << 20)
        })
        let outbound = makeOutbound()
        async let response = outbound.send(
            Request(method: "POST", url: server.url, bodyStream: BodyStream(chunks, length: Self.size)))
        #expect(try await settled { made.load(ordering: .relaxed) } < Self.held)
        gate.signal()
        #expect(try await response.text == "\(Self.size)")
    }

    private struct Broken: Error {}

    /// It throws, or ends before the length that was announced.
    @Test(arguments: [nil, 2]) func aBrokenSourceGivesTheRequestUp(length: Int?) async throws {
        let server = try LoopbackServer { peer, _ in
            peer.respond()
            return .keep
        }
        defer { server.stop() }
        let chunks = AsyncThrowingStream<[UInt8], any Error> {
            $0.yield([1])
            $0.finish(throwing: length == nil ? Broken() : nil)
        }
        let outbound = makeOutbound()
        let error = await outboundError {
            try await outbound.send(
                Request(method: "POST", url: server.url, bodyStream: BodyStream(chunks, length: length)))
        }
        #expect(error != nil)
        #expect(server.ledger.isEmpty)
        #expect(await outbound.counters().inFlight == 0)
    }
}
