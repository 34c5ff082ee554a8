import Foundation
import Outbound
import Testing

@testable import Vendors

@Suite("What a daemon says, and what it means") struct DockerRefusalTests {
    private func kind(_ action: DockerAction, _ status: Int, _ text: String) -> DockerError.Kind {
        DockerRefusal(status: status, text: text).kind(of: action)
    }

    @Test func wordsOfTheContract() {
        let holder =
            "Conflict. The container name \"/pa-1\" is already in use by container \"32cd3b\". You have to remove"
        #expect(kind(.createContainer, 409, holder) == .nameTaken(by: "32cd3b"))
        #expect(kind(.createContainer, 404, "No such image: x:y") == .noSuchImage)
        #expect(kind(.inspectContainer, 404, "No such container: x") == .notFound)
        #expect(kind(.removeContainer, 409, "removal of container x is already in progress") == .removalInProgress)
        #expect(kind(.startContainer, 409, "cannot start a paused container, try unpause instead") == .paused)
        #expect(kind(.killContainer, 409, "Cannot kill container: x: Container y is not running") == .notRunning)
        #expect(kind(.startExec, 409, "Error: Exec command x has already run") == .alreadyStarted)
        #expect(kind(.createContainer, 400, "Minimum memory limit allowed is 6MB") == .invalid)
        #expect(kind(.createNetwork, 409, "network with name team1 already exists") == .nameTaken(by: nil))
        #expect(
            kind(.startContainer, 500, "… listen tcp4 127.0.0.1:1: bind: address already in use") == .portInUse)
        #expect(kind(.startContainer, 500, "Bind for 0.0.0.0:80 failed: port is already allocated") == .portInUse)
        #expect(kind(.createContainer, 500, "mkdir /var/lib/docker/x: no space left on device") == .diskFull)
        #expect(
            kind(.version, 400, "client version 1.99 is too new. Maximum supported API version is 1.41")
                == .versionRefused)
        #expect(kind(.startContainer, 500, "something else") == .failed)
        #expect(kind(.listContainers, 500, "something else") == .unavailable)
        #expect(kind(.startContainer, 503, "") == .outcomeUnknown)
        #expect(kind(.startContainer, 403, "authorization denied by plugin") == .forbidden)
    }

    @Test func wordsOfAPull() {
        for (text, wanted) in [
            ("manifest unknown: manifest unknown", DockerError.Kind.noSuchImage),
            ("manifest for x:1 not found: manifest unknown", .noSuchImage),
            ("no matching manifest for linux/arm64 in the manifest list entries", .noSuchImage),
            ("Get \"http://x/v2/\": no basic auth credentials", .unauthorized),
            ("pull access denied for x, repository does not exist or may require 'docker login'", .unauthorized),
            ("toomanyrequests: You have reached your pull rate limit", .rateLimited),
            ("write /var/lib/docker/tmp/x: no space left on device", .diskFull),
            ("Get \"https://x/v2/\": dial tcp: lookup x: no such host", .unreachable),
            ("net/http: TLS handshake timeout", .unreachable),
            ("Get \"https://x/v2/\": x509: certificate signed by unknown authority", .unreachable),
        ] {
            #expect(kind(.pullImage, 500, text) == wanted, "\(text)")
        }
    }

    /// A proxy's page is no proof that an object is gone (design law 2).
    @Test func somebodyElsesNotFound() {
        let page = DockerRefusal(status: 404, headers: Headers(), body: Array("<html>".utf8))
        #expect(page.kind(of: .inspectContainer) == .unavailable)
        let daemon = Headers([("Api-Version", "1.41")])
        let route = DockerRefusal(status: 404, headers: daemon, body: Array("page not found\n".utf8))
        #expect(route.kind(of: .inspectContainer) == .unavailable)
        let proof = DockerRefusal(
            status: 404, headers: daemon, body: Array("{\"message\":\"No such container: x\"}".utf8))
        #expect(proof.kind(of: .inspectContainer) == .notFound && proof.kind(of: .startContainer) == .notFound)
        #expect(kind(.startContainer, 404, "network x not found") == .needMissing)
        #expect(kind(.inspectContainer, 404, "something not found") == .unavailable)
        #expect(kind(.inspectNetwork, 404, "network x not found") == .notFound)
        #expect(kind(.putArchive, 404, "Could not find the file /x in container y") == .noSuchPath)
    }

    @Test func lostAnswers() {
        let start = DockerCall.post(.startContainer, "x", [])
        let read = DockerCall.get(.inspectContainer, "x", [])
        #expect(DockerRefusal.classify(.outcomeUnknown(""), of: start).kind == .outcomeUnknown)
        #expect(DockerRefusal.classify(.notSent(""), of: start).kind == .unavailable)
        #expect(DockerRefusal.classify(.outcomeUnknown(""), of: read).kind == .unavailable)
        let refused = OutboundError.notSent("error:0A000412:SSL routines::sslv3 alert bad certificate")
        #expect(DockerRefusal.classify(refused, of: read).kind == .unauthorized)
    }

    @Test func errorsSayWhatHappenedToWhatAndWhatToDo() {
        let error = DockerError(.diskFull, .pullImage, target: "a:1", status: 500, message: "no space left")
        #expect("\(error)" == "docker pull-image a:1: diskFull (HTTP 500): no space left; free space on the host")
    }

    @Test func versions() {
        #expect(DockerVersion("1.41") == DockerVersion(1, 41))
        #expect(DockerVersion("1.9")! < DockerVersion("1.41")!)
        for text in ["", "1", "1.x", "1.2.3", "-1.2"] { #expect(DockerVersion(text) == nil, "\(text)") }
        let ours = DockerVersion.supported
        #expect(DockerVersion.common(ours: ours, theirs: DockerVersion(1, 41)) == DockerVersion(1, 41))
        #expect(DockerVersion.common(ours: ours, theirs: DockerVersion(1, 48)) == DockerVersion(1, 48))
        #expect(DockerVersion.common(ours: ours, theirs: DockerVersion(1, 99)) == DockerVersion(1, 55))
        #expect(DockerVersion.common(ours: ours, theirs: DockerVersion(1, 40)) == nil)
    }

    @Test func imageReferences() throws {
        for (text, repository, version) in [
            ("busybox", "busybox", "latest"), ("a/b:1", "a/b", "1"), ("host:5000/a", "host:5000/a", "latest"),
            ("host:5000/a:2", "host:5000/a", "2"), ("a@sha256:00ff", "a", "sha256:00ff"),
            ("a:1@sha256:00ff", "a", "sha256:00ff"),
        ] {
            let reference = try DockerImageReference(text)
            #expect(reference.repository == repository && reference.version == version)
        }
        for text in ["", ":1", "a b", "a:", "/a", "a/", "a?x=1", "a:1&b"] {
            #expect(throws: DockerError.self, "\(text)") { try DockerImageReference(text) }
        }
    }

    @Test func whatIsSent() throws {
        var spec = DockerContainerSpec(name: "pa-1", image: "a:1", command: ["run"])
        spec.environment = ["B": "2", "A": "1"]
        spec.stopTimeoutSeconds = 30
        spec.host.ports = [DockerPort(18_789, hostPort: 19_100)]
        spec.host.network = .named("team")
        spec.host.networkAliases = ["pa"]
        spec.host.restart = .unlessStopped
        spec.host.mounts = [DockerMount(.volume, "data", at: "/data", isReadOnly: true)]
        let text = String(decoding: try encoded(spec.body), as: UTF8.self)
        #expect(text.contains(#""Env":["A=1","B=2"]"#) && text.contains(#""StopTimeout":30"#))
        #expect(text.contains(#""PortBindings":{"18789/tcp":[{"HostIp":"127.0.0.1","HostPort":"19100"}]}"#))
        #expect(text.contains(#""EndpointsConfig":{"team":{"Aliases":["pa"]}}"#))
        #expect(text.contains(#""RestartPolicy":{"MaximumRetryCount":0,"Name":"unless-stopped"}"#))
        #expect(text.contains(#"{"ReadOnly":true,"Source":"data","Target":"/data","Type":"volume"}"#))
        #expect(!text.contains("null") && !text.contains("Memory"))
    }

    @Test func pausesGrowToALimit() {
        let settings = DockerEventSettings()
        #expect(settings.pause(after: 1, chance: 0) == .zero)
        #expect(settings.pause(after: 2, chance: 0.5) == .milliseconds(250))
        #expect(settings.pause(after: 100, chance: 1) == settings.longestPause)
        #expect(DockerEvents.Iterator.moment(1_700_000_000_000_000_042) == "1700000000.000000042")
    }
}
