import Foundation
import Outbound
import Support
import Testing

@Suite("HTTP/2 shares one connection")
struct HTTP2Tests {
    private static let program = ["/usr/sbin/nghttpd", "/usr/bin/nghttpd"].first(
        where: FileManager.default.isExecutableFile)
    private static let wanted: Comment = "needs nghttpd: install the package nghttp2-server"

    private func withServer(_ body: (String, TLSIdentity, ChildProcess) async throws -> Void) async throws {
        let folder = try TemporaryFolder.make("outbound-h2")
        let certificates = try await Certificates.make(in: folder)
        try "hello".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
        let port = try FreePort.take()
        let server = try await ChildProcess.start(
            [
                Self.program!, "-v", "--echo-upload", "--address=127.0.0.1", "-d", folder, "\(port)",
                folder + "/server.key", folder + "/server.pem",
            ], directory: folder)
        let url = "https://127.0.0.1:\(port)"
        let tls = TLSIdentity(ca: certificates.authority)
        try await eventually("nghttpd listens") {
            await outboundError { try await makeOutbound().send(Request(method: "GET", url: url + "/", tls: tls)) }
                == nil
        }
        try await body(url, tls, server)
        server.kill(SIGKILL)
        await server.wait()
    }

    @Test(.enabled(if: program != nil, wanted)) func manyCallsOneConnection() async throws {
        try await withServer { url, tls, _ in
            // nghttpd allows 100 streams a connection; more calls would open another.
            let outbound = makeOutbound { $0.maxInFlight = 100 }
            try await withThrowingTaskGroup(of: Response.self) { group in
                for _ in 0..<200 {
                    group.addTask { try await outbound.send(Request(method: "GET", url: url + "/file", tls: tls)) }
                }
                for try await response in group { #expect(response.text == "hello") }
            }
            #expect(await outbound.counters().connections == 1)
            let echo = try await outbound.send(
                Request(method: "POST", url: url + "/", body: Array("body".utf8), tls: tls, retry: .mutation))
            #expect(echo.text == "body")
        }
    }

    @Test(.enabled(if: program != nil, wanted)) func aCancelledCallLeavesTheOthersAlone() async throws {
        try await withServer { url, tls, _ in
            let outbound = makeOutbound()
            _ = try await outbound.send(Request(method: "GET", url: url + "/file", tls: tls))
            let tasks = (0..<100).map { _ in
                Task { try await outbound.send(Request(method: "GET", url: url + "/file", tls: tls)) }
            }
            for index in stride(from: 0, to: 100, by: 2) { tasks[index].cancel() }
            for index in stride(from: 1, to: 100, by: 2) { #expect(try await tasks[index].value.text == "hello") }
            for index in stride(from: 0, to: 100, by: 2) { _ = await tasks[index].result }
            #expect(await outbound.counters().inFlight == 0)
        }
    }

    /// The connection dies under many streams: none of the mutations is sent again.
    @Test(.enabled(if: program != nil, wanted)) func aKilledServerLeavesUnknownOutcomes() async throws {
        try await withServer { url, tls, server in
            let outbound = makeOutbound()
            _ = try await outbound.send(Request(method: "GET", url: url + "/file", tls: tls))
            server.kill(SIGSTOP)
            let tasks = (0..<20).map { _ in
                Task { try await outbound.send(Request(method: "POST", url: url + "/", tls: tls, retry: .mutation)) }
            }
            try await eventually("all are out") { await outbound.counters().inFlight == 20 }
            server.kill(SIGKILL)
            for task in tasks {
                let error = await outboundError { try await task.value }
                #expect(error?.isOutcomeUnknown == true)
            }
            #expect(await outbound.counters().attempts == 21)
        }
    }
}
