import Foundation
import Outbound
import Support
import Testing

@Suite("TLS proves both ends")
struct TLSTests {
    /// `openssl s_server` that answers every GET with a status page; `extra` may ask for the client's certificate.
    private func withServer(
        _ extra: [String] = [], _ body: (String, Certificates) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder.make("outbound-tls")
        let certificates = try await Certificates.make(in: folder)
        let server = try await ChildProcess.start(
            [
                "/usr/bin/openssl", "s_server", "-www", "-accept", "127.0.0.1:0", "-cert", folder + "/server.pem",
                "-key", folder + "/server.key",
            ] + extra.map { $0 == "CA" ? certificates.authority : $0 }, directory: folder)
        try await eventually("openssl listens") { server.log.contains("ACCEPT 127.0.0.1:") }
        let port = server.log.components(separatedBy: "ACCEPT 127.0.0.1:")[1].prefix { $0.isNumber }
        try await body("https://127.0.0.1:\(port)/", certificates)
        server.kill(SIGKILL)
        await server.wait()
    }

    @Test func ownAuthority() async throws {
        try await withServer { url, certificates in
            let outbound = makeOutbound()
            let tls = TLSIdentity(ca: certificates.authority)
            let response = try await outbound.send(Request(method: "GET", url: url, tls: tls))
            #expect(response.status == 200)
            #expect(response.text.contains("TLSv1."))
        }
    }

    /// Nothing is sent, and trying again would not help.
    @Test func unknownAuthorityAndWrongName() async throws {
        try await withServer { url, certificates in
            let outbound = makeOutbound()
            let unknown = await outboundError {
                try await outbound.send(Request(method: "POST", url: url, retry: .mutation))
            }
            #expect(unknown?.isNotSent == true)
            let wrong = await outboundError {
                try await outbound.send(
                    Request(
                        method: "POST", url: url.replacingOccurrences(of: "127.0.0.1", with: "localhost"),
                        tls: TLSIdentity(ca: certificates.authority), retry: .mutation))
            }
            #expect(wrong?.isNotSent == true)
            #expect(await outbound.counters().attempts == 2)
        }
    }

    @Test func clientCertificate() async throws {
        try await withServer(["-Verify", "1", "-verify_return_error", "-CAfile", "CA"]) { url, certificates in
            let outbound = makeOutbound()
            let folder = certificates.folder
            let tls = TLSIdentity(
                ca: certificates.authority, cert: folder + "/client.pem", key: folder + "/client.key")
            let proven = try await outbound.send(Request(method: "GET", url: url, tls: tls))
            #expect(proven.status == 200)
            // With TLS 1.3 the server says no only after the request may have gone out.
            let none = await outboundError {
                try await outbound.send(
                    Request(method: "POST", url: url, tls: TLSIdentity(ca: certificates.authority), retry: .mutation))
            }
            #expect(none?.isOutcomeUnknown == true)
        }
    }

    @Test func missingFiles() async throws {
        try await withServer { url, certificates in
            for tls in [
                TLSIdentity(ca: "/nonexistent/ca.pem"),
                TLSIdentity(ca: certificates.authority, cert: "/nonexistent/cert.pem", key: "/nonexistent/key.pem"),
            ] {
                let error = await outboundError {
                    try await makeOutbound().send(Request(method: "POST", url: url, tls: tls, retry: .mutation))
                }
                #expect(error?.isNotSent == true)
            }
        }
    }

    /// A kept connection that was proven with one certificate is not used for a call with another.
    @Test func connectionsAreNotSharedAcrossIdentities() async throws {
        try await withServer(["-Verify", "1", "-verify_return_error", "-CAfile", "CA"]) { url, certificates in
            let outbound = makeOutbound()
            let folder = certificates.folder
            let full = TLSIdentity(
                ca: certificates.authority, cert: folder + "/client.pem", key: folder + "/client.key")
            _ = try await outbound.send(Request(method: "GET", url: url, tls: full))
            let error = await outboundError {
                try await outbound.send(Request(method: "GET", url: url, tls: TLSIdentity(ca: certificates.authority)))
            }
            #expect(error != nil)
        }
    }
}
