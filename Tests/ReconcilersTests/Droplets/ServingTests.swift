import Testing

@testable import Reconcilers

@Suite("Which droplets a process serves") struct ServingTests {
    private func row(_ name: String, _ endpoint: String, servedBy: String? = nil) -> DropletRow {
        DropletRow(
            name: name, endpoint: endpoint, address: "203.0.113.1", domain: "team.example.com", servedBy: servedBy,
            generation: 1, isDeleting: false, status: "unknown", observedGeneration: 0)
    }

    private var rows: [DropletRow] {
        [
            row("far", "https://10.0.0.3:2376"), row("far-bound", "https://10.0.0.4", servedBy: "host-9"),
            row("here", "unix:///var/run/docker.sock", servedBy: "host-1"),
            row("there", "unix:///var/run/docker.sock", servedBy: "host-2"), row("wrong", "https://a/b"),
        ]
    }

    private func decide(_ named: [String]?, hasIdentity: Bool = true) -> Serving {
        Serving.decide(rows, named: named, host: "host-1", hasIdentity: hasIdentity)
    }

    @Test func withoutNamesThoseThatAreReachedByTLS() {
        #expect(decide(nil).served.map(\.name) == ["far"])
        #expect(decide(nil).refused.isEmpty)
        #expect(decide(nil, hasIdentity: false).served.isEmpty)
    }

    @Test func namesAreServedAndNothingElse() {
        #expect(decide(["here"]).served.map(\.name) == ["here"])
        #expect(decide(["here", "far"]).served.map(\.name) == ["here", "far"])
        #expect(decide([]).served.isEmpty)
    }

    @Test func anotherHostsDropletIsRefused() {
        let serving = decide(["there", "far-bound", "here"])
        #expect(serving.served.map(\.name) == ["here"])
        #expect(serving.refused.map(\.name) == ["there", "far-bound"])
        #expect(serving.refused[0].why.contains("host-2") && serving.refused[0].why.contains("host-1"))
    }

    @Test func whatCannotBeReachedIsRefused() {
        #expect(decide(["far"], hasIdentity: false).refused.map(\.name) == ["far"])
        #expect(decide(["wrong", "none"]).refused.map(\.name) == ["wrong", "none"])
    }

    @Test(arguments: [
        ("unix:///run/docker.sock", DropletEndpoint.socket(path: "/run/docker.sock")),
        ("https://10.0.0.3", .remote(host: "10.0.0.3", port: 2376)),
        ("https://10.0.0.3/", .remote(host: "10.0.0.3", port: 2376)),
        ("https://fleet.example.com:99", .remote(host: "fleet.example.com", port: 99)),
        ("https://[fd00::1]:99", .remote(host: "fd00::1", port: 99)),
        ("https://[fd00::1]/", .remote(host: "fd00::1", port: 2376)),
    ]) func endpointsAreRead(text: String, endpoint: DropletEndpoint) {
        #expect(DropletEndpoint(text) == endpoint)
    }

    @Test(arguments: [
        "https://", "https://host:0", "https://host:x", "https://u@host", "https://host/path", "http://host",
        "unix://x",
        "https://[fd00::1", "https://host:1:2", "",
    ]) func otherTextsAreNone(text: String) {
        #expect(DropletEndpoint(text) == nil)
    }

    @Test func gatewaysAreReachedWhereTheDropletIs() {
        #expect(DropletEndpoint("unix:///run/docker.sock")?.gatewayHost == "127.0.0.1")
        #expect(DropletEndpoint("https://[fd00::1]")?.gatewayHost == "[fd00::1]")
    }
}
