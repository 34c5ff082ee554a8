import Foundation
import Testing

@testable import Vendors

@Suite("Logins of image registries") struct DockerRegistriesTests {
    private static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private static func registries(_ auths: [String: String]) throws -> DockerRegistries {
        let entries = auths.map { #""\#($0.key)":{"auth":"\#($0.value)"}"# }.joined(separator: ",")
        return try DockerRegistries(configuration: Array(#"{"auths":{\#(entries)},"HttpHeaders":{}}"#.utf8))
    }

    /// What dockerd reads in the header: base64url with padding.
    private func header(_ registries: DockerRegistries, _ image: String) throws -> [String: String]? {
        guard let header = try registries.login(for: DockerImageReference(image))?.header() else { return nil }
        let base64 = header.replacing("-", with: "+").replacing("_", with: "/")
        return try JSONDecoder().decode([String: String].self, from: try #require(Data(base64Encoded: base64)))
    }

    @Test func theImagesRegistryDecides() throws {
        let some = try Self.registries([
            "ghcr.io": Self.base64("me:a:b"), "https://index.docker.io/v1/": Self.base64("hub:pass"),
            "http://Localhost:5000": Self.base64("local:pässword"),
        ])
        #expect(some.hosts == ["docker.io", "ghcr.io", "localhost:5000"])
        #expect(
            try header(some, "ghcr.io/acme/box:1") == ["username": "me", "password": "a:b", "serveraddress": "ghcr.io"])
        for image in ["node", "acme/box:1", "docker.io/acme/box", "index.docker.io/acme/box"] {
            #expect(try header(some, image)?["serveraddress"] == "https://index.docker.io/v1/", "\(image)")
        }
        #expect(try header(some, "localhost:5000/box@sha256:\(String(repeating: "a", count: 64))") != nil)
        for image in ["quay.io/acme/box", "localhost/box", "ghcr.io.evil.example/box", "evil.example/ghcr.io/box"] {
            #expect(try header(some, image) == nil, "\(image)")
        }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"auths":[]}"#, #"{"auths":{"ghcr.io":{}}}"#, #"{"auths":{"ghcr.io":{"auth":"hush:hush"}}}"#,
        #"{"auths":{"ghcr.io":{"auth":"\#(base64("hush"))"}}}"#,
        #"{"auths":{"ghcr.io":{"auth":"\#(base64("hush:"))"}}}"#,
        #"{"auths":{"ghcr.io":{"auth":"\#(base64(":hush"))"}}}"#, #"{"auths":{"ghcr.io":"hush"}}"#,
        #"{"auths":{"ghcr.io":{"auth":"\#(base64("a:hush"))"},"https://ghcr.io":{"auth":"\#(base64("a:hush"))"}}}"#,
    ]) func aFileThatIsNoneIsSaidWithoutItsContent(text: String) throws {
        let error = try #require(
            #expect(throws: DockerRegistries.Malformed.self) { try DockerRegistries(configuration: Array(text.utf8)) })
        #expect(!"\(error)".contains("hush") && !"\(error)".contains(Self.base64("a:hush")), "\(error)")
    }

    @Test func loginsAreNotPrinted() throws {
        let some = try Self.registries(["ghcr.io": Self.base64("me:hush")])
        var shown = "\(some) \(String(reflecting: some))"
        dump(some, to: &shown)
        #expect(shown.contains("ghcr.io") && !shown.contains("hush") && !shown.contains(Self.base64("me:hush")))
    }
}
