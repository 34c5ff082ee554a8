import Foundation
import Support
import Testing

@testable import Broker
@testable import Vendors

/// Environment files of services are read with containers that never run.
@Suite("Files that the daemon may read") struct ReaderTests {
    private static let mark = #"{"converged.owner":"reader/1d4f06a2"}"#

    private static func mount(_ source: String = "/opt/twenty/.env", more: String = #","ReadOnly":true"#) -> String {
        #""Mounts":[{"Type":"bind","Source":"\#(source)","Target":"/file"\#(more)}]"#
    }

    @Test(arguments: ["/opt/twenty/.env", "/opt/tez-mcp/.env"]) func oneOfTheListedIs(source: String) {
        let call = create(host: Self.mount(source), network: "none", labels: Self.mark)
        #expect(call.forwarded()?.action == "create-container", "\(call.judged())")
        // Not into a container that runs.
        #expect(create(host: Self.mount(source), network: "none").refusal(known) != nil)
    }

    @Test(arguments: [
        mount("/etc/shadow"), mount("/opt/twenty/alpha"), mount("/opt/twenty/.env/x"), mount("/opt/twenty/../x/.env"),
        mount("/opt/mypa/agents/pa-ada/data"), mount(more: ""), mount(more: #","ReadOnly":false"#),
        mount().replacing("/file", with: "/proc/x"), mount().replacing("bind", with: "volume"), "",
        mount() + #","Binds":["data:/x"]"#, mount() + #","Privileged":true"#,
        mount().replacing("]", with: #",{"Type":"bind","Source":"/opt/twenty/a","Target":"/a","ReadOnly":true}]"#),
    ]) func nothingElseIs(host: String) {
        #expect(create(host: host, network: "none", labels: Self.mark).refusal(known) != nil, "\(host)")
    }

    @Test func aReaderHasNoNetwork() {
        #expect(create(host: Self.mount(), network: "host", labels: Self.mark).refusal(known) != nil)
    }

    @Test(arguments: [
        ("GET", "json"), ("GET", "archive?path=/file"), ("HEAD", "archive?path=/file"), ("DELETE", ""),
        ("POST", "start"), ("POST", "restart"), ("POST", "rename?name=pa-x"), ("POST", "update"), ("POST", "exec"),
        ("PUT", "archive?path=/"), ("POST", "wait"), ("GET", "logs?stdout=1"),
    ]) func aReaderNeverRuns(method: String, verb: String) {
        let facts: [Need: Fact] = [.container("web.env"): .reader(id: ours)]
        let body = verb == "exec" ? #"{"Cmd":["id"]}"# : verb == "update" ? #"{"PidsLimit":5}"# : ""
        let call = Call(method, "/v1.41/containers/web.env" + (verb.isEmpty ? "" : "/" + verb), body)
        let isRead = ["GET json", "DELETE "].contains("\(method) \(verb)") || verb == "archive?path=/file"
        #expect((call.forwarded(facts) != nil) == isRead, "\(call.judged(facts))")
    }

    @Test(arguments: [
        ("/srv/a/.env", "/srv/a", true), ("/srv/a/b/.env", "/srv/*", true), ("/srv/*/data/.env", "/srv/x/data", true),
        ("/srv/.env", "/srv/a", false), ("/srv/a/.env", "/srv/b:/opt/twenty/*", false),
    ]) func aFileThatAContainerCouldReplaceIsNone(files: String, places: String, isBeneath: Bool) throws {
        let (files, places) = (try #require(BindPlaces(files)), try #require(BindPlaces(places)))
        #expect(files.isBeneath(places) == isBeneath)
        #expect(!BindPlaces.usualFiles.isBeneath(.usual))
    }

    @Test(.docker) func aReaderOfARealDaemonGivesTheFileAndNothingElse() async throws {
        let folder = try TemporaryFolder.make("reader")
        try "WORD=s3cret".write(toFile: folder + "/.env", atomically: false, encoding: .utf8)
        var settings = BrokerSettings()
        settings.readable = try #require(BindPlaces(folder + "/.env"))
        try await BrokerRig.with(settings) { rig in
            var spec = rig.spec("top.env", ["cat", "/file"])
            spec.labels["converged.owner"] = "reader/\(rig.id)"
            spec.host.mounts = [DockerMount(.bind, "/etc/shadow", at: "/file", isReadOnly: true)]
            let refused = try await dockerError { try await rig.docker.createContainer(spec) }
            #expect(refused.kind == .forbidden && refused.message.contains("/etc/shadow"), "\(refused)")
            spec.host.mounts = [DockerMount(.bind, folder + "/.env", at: "/file", isReadOnly: true)]
            let id = try await rig.docker.createContainer(spec).id
            let text = try await rig.docker.readFile("/file", in: id)
            #expect(String(decoding: text, as: UTF8.self) == "WORD=s3cret")
            for target in [id, spec.name] {
                let calls: [() async throws -> Void] = [
                    { _ = try await rig.docker.startContainer(target) },
                    { try await rig.docker.restartContainer(target) },
                    { try await rig.docker.renameContainer(target, to: rig.name("other")) },
                    { _ = try await rig.docker.createExec(in: target, DockerExecSpec(["env"])) },
                    { try await rig.docker.putArchive([.file("x", [1], mode: 0o600)], into: target, at: "/") },
                ]
                for call in calls { #expect(try await dockerError(call).kind == .forbidden) }
            }
            #expect(try await rig.root.inspectContainer(id).state.status == "created")
            #expect(try await rig.docker.removeContainer(id, isForced: true) == .done)
            #expect(!rig.broker.log.lines.joined().contains("s3cret"))
        }
    }
}
