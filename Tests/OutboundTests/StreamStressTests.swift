import Foundation
import Outbound
import Support
import Testing

/// Many bodies at once, of sizes and with ends and readers drawn by lot. What this finds is a wake-up that comes to
/// nobody: then one reader waits for ever, and the time limit tells.
@Suite("Bodies under stress", .timeLimit(.minutes(1)))
struct StreamStressTests {
    private enum Reader: CaseIterable { case fast, slow, leaving, cancelled }

    /// One body. The server reads its half from the path.
    private struct Draw: Sendable {
        let bytes: Int
        let block: Int
        let isChunked: Bool
        let isCut: Bool
        let reader: Reader
        let pause: Int

        init(_ seed: inout Seed) {
            bytes = (1 << seed.roll(25)) + seed.roll(100_000)
            block = 1 + bytes / 4096 + seed.roll(60_000)
            isChunked = seed.roll(2) == 0
            isCut = seed.roll(8) == 0
            reader = seed.roll(3) == 0 ? Reader.allCases[seed.roll(4)] : .fast
            pause = 1 + seed.roll(40)
        }

        var path: String { "/\(bytes)/\(block)/\(isChunked)/\(isCut)" }
    }

    private static func answer(_ peer: Peer, _ heard: LoopbackServer.Heard) -> LoopbackServer.After {
        let parts = heard.path.split(separator: "/")
        guard parts.count == 4, let bytes = Int(parts[0]), let block = Int(parts[1]) else {
            return peer.respond(body: "\(heard.body.count)") ? .keep : .close
        }
        let (isChunked, isCut) = (parts[2] == "true", parts[3] == "true")
        peer.send(
            "HTTP/1.1 200 OK\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(bytes)")\r\n\r\n")
        var left = isCut ? bytes / 2 : bytes
        let content = [UInt8](repeating: 7, count: block)
        while left > 0 {
            let part = min(block, left)
            if isChunked { peer.send(String(part, radix: 16) + "\r\n") }
            guard peer.send(part == block ? content : Array(content.prefix(part))) else { return .close }
            if isChunked { peer.send("\r\n") }
            left -= part
        }
        if isCut { return bytes % 2 == 0 ? .close : .reset }
        if isChunked { peer.send("0\r\n\r\n") }
        return .keep
    }

    private func read(_ draw: Draw, _ outbound: Outbound, _ server: LoopbackServer, _ socket: String) async throws {
        let response = try await outbound.stream(
            Request(method: "GET", url: server.url + draw.path, unixSocket: socket, deadlines: Deadlines(total: nil)))
        var received = 0
        for try await chunk in response.body {
            received += chunk.count
            if draw.reader == .slow { for _ in 0..<draw.pause { await Task.yield() } }
            if draw.reader == .leaving, received > draw.bytes / draw.pause { return }
        }
        // `AsyncThrowingStream` ends at once for a cancelled reader.
        #expect((received == draw.bytes && !draw.isCut) || Task.isCancelled)
    }

    private func run(_ draw: Draw, _ act: @escaping @Sendable () async throws -> Void) async {
        let acting = Task { try await act() }
        if draw.reader == .cancelled {
            for _ in 0..<draw.pause * 10 { await Task.yield() }
            acting.cancel()
        }
        let result = await withTaskCancellationHandler {
            await acting.result
        } onCancel: {
            acting.cancel()
        }
        if case .failure(let error) = result {
            #expect(draw.isCut || draw.reader == .cancelled, "\(draw): \(error)")
        }
    }

    @Test func everyReaderSeesItsEnd() async throws {
        var seed = Seed()
        let lanes = (0..<3).map { _ in (0..<200).map { _ in Draw(&seed) } }
        try await eachLane(lanes, read)
    }

    @Test func everyUploadSeesItsEnd() async throws {
        var seed = Seed()
        let lanes = (0..<3).map { _ in (0..<200).map { _ in Draw(&seed) } }
        try await eachLane(lanes, write)
    }

    private typealias Act = @Sendable (Draw, Outbound, LoopbackServer, String) async throws -> Void

    /// A lane is a client of its own that does one after the other.
    private func eachLane(_ lanes: [[Draw]], _ act: @escaping Act) async throws {
        try await withScratch { folder in
            let socket = folder + "/server"
            let server = try LoopbackServer(unixSocket: socket, Self.answer)
            defer { server.stop() }
            await withTaskGroup(of: Void.self) { group in
                for lane in lanes {
                    group.addTask {
                        let outbound = makeOutbound()
                        for draw in lane where !Task.isCancelled {
                            await run(draw) { try await act(draw, outbound, server, socket) }
                        }
                        await outbound.close()
                        #expect(await outbound.counters().inFlight == 0)
                    }
                }
            }
        }
    }

    /// Registering a reader is the loop's own work: done anywhere else, a piece that comes meanwhile wakes nobody.
    @Test func aWaitingReaderIsInTheHandsOfTheLoop() async throws {
        let gate = DispatchSemaphore(value: 0)
        let server = try LoopbackServer { peer, _ in
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n")
            gate.wait()
            peer.send("one")
            return .keep
        }
        defer { server.stop() }
        let outbound = makeOutbound()
        let response = try await outbound.stream(Request(method: "GET", url: server.url))
        let executor = HeldExecutor()
        let reading = Task(executorPreference: executor) {
            var text = ""
            for try await chunk in response.body { text += String(decoding: chunk, as: UTF8.self) }
            return text
        }
        await executor.runHeld()
        // Come to the loop after the reader has.
        for _ in 0..<20 { _ = await outbound.counters() }
        #expect(executor.held == 0)
        executor.open()
        gate.signal()
        #expect(try await reading.value == "one")
    }

    private struct Broken: Error {}

    private func write(_ draw: Draw, _ outbound: Outbound, _ server: LoopbackServer, _ socket: String) async throws {
        let bytes = 1 + draw.bytes % (4 << 20)
        let body = BodyStream(length: draw.isChunked ? nil : bytes) { feed in
            var left = bytes
            while left > 0 {
                let part = min(draw.block, left)
                if draw.isCut, part == left { throw Broken() }
                try await feed([UInt8](repeating: 7, count: part))
                left -= part
                if draw.reader == .slow { for _ in 0..<draw.pause { await Task.yield() } }
            }
        }
        let request = Request(
            method: "PUT", url: server.url, unixSocket: socket, bodyStream: body, deadlines: Deadlines(total: nil))
        let text = try await outbound.send(request).text
        #expect(text == "\(bytes)" && !draw.isCut)
    }
}
