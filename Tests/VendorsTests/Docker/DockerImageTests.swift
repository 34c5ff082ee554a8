import Foundation
import Support
import Synchronization
import Testing

@testable import Vendors

@Suite("Images and registries", .docker) struct DockerImageTests {
    @Test func aPullTellsItsProgressAndItsFailures() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            let registry = try await TestRegistry.start()
            let text = try await registry.add("team/box:\(rig.id)", marker: rig.name("pulled"), with: rig.daemon)
            let reference = try DockerImageReference(text)
            #expect(try await dockerError { try await docker.inspectImage(text) }.kind == .noSuchImage)
            let steps = Mutex<[DockerPullProgress]>([])
            let image = try await docker.pullImage(reference) { step in steps.withLock { $0.append(step) } }
            #expect(image.tags == [text] && image.id.hasPrefix("sha256:") && image.digests.count == 1)
            #expect(steps.withLock { $0.contains { $0.layer != nil } && $0.contains { $0.status.hasPrefix("Digest") } })
            #expect(try await docker.listImages(reference: text).map(\.id) == [image.id])
            // By digest it is the same one, and pulling again changes nothing.
            let digest = try DockerImageReference(try #require(image.digests.first))
            #expect(try await docker.pullImage(digest).id == image.id)
            #expect(try await docker.pullImage(reference).id == image.id)

            for absent in ["\(registry.host)/team/box:other", "\(registry.host)/nobody/nothing:1"] {
                let error = try await dockerError { try await docker.pullImage(try DockerImageReference(absent)) }
                #expect(error.kind == .noSuchImage, "\(error)")
            }
            let nowhere = try DockerImageReference("127.0.0.1:1/team/box:1")
            #expect(try await dockerError { try await docker.pullImage(nowhere) }.kind == .unreachable)

            #expect(try await docker.removeImage(text) == .done)
            _ = try await docker.removeImage(image.id)
            #expect(try await docker.removeImage(text) == .already)
            // The manifest is there and a layer is not: that is said inside the stream, after status 200.
            try registry.loseLayers()
            let broken = try await dockerError { try await docker.pullImage(reference) }
            #expect(broken.status == nil && broken.kind == .noSuchImage || broken.kind == .failed, "\(broken)")
            await registry.stop()
        }
    }

    @Test func aLoginIsAskedForAndSentButNeverShown() async throws {
        try await DockerRig.with { rig in
            let open = try await TestRegistry.start()
            let path = "team/guarded:\(rig.id)"
            _ = try await open.add(path, marker: rig.name("guarded"), with: rig.daemon)
            let guarded = try await TestRegistry.start(folder: open.folder, wantsLogin: true)
            let reference = try DockerImageReference("\(guarded.host)/\(path)")
            #expect(try await dockerError { try await rig.docker.pullImage(reference) }.kind == .unauthorized)
            let wrong = DockerRegistryLogin(user: TestRegistry.user, password: "wrong horse", server: guarded.host)
            let error = try await dockerError { try await rig.docker.pullImage(reference, login: wrong) }
            #expect(error.kind == .unauthorized && error.isTerminal && !"\(error)".contains("horse"))
            let login = DockerRegistryLogin(
                user: TestRegistry.user, password: TestRegistry.password, server: guarded.host)
            #expect(try await rig.docker.pullImage(reference, login: login).tags == ["\(reference)"])
            #expect(!"\(login) \(String(reflecting: login))".contains("horse"))
            var shown = ""
            dump(login, to: &shown)
            #expect(!shown.contains("horse") && !shown.contains("puller"))
            _ = try await rig.docker.removeImage("\(reference)")
            await open.stop()
            await guarded.stop()
        }
    }

    @Test func networksAndVolumes() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            let name = rig.name("team.net")
            let id = try await docker.createNetwork(DockerNetworkSpec(name: name, labels: rig.labels))
            let again = try await dockerError { try await docker.createNetwork(DockerNetworkSpec(name: name)) }
            #expect(again.kind == .nameTaken(by: nil))
            let network = try await docker.inspectNetwork(name)
            #expect(network.id == id && network.driver == "bridge" && network.labels == rig.labels)
            #expect(try await docker.listNetworks(names: [name]).map(\.id) == [id])
            #expect(try await docker.listNetworks(names: [String(name.dropLast())]).isEmpty)

            // Containers of one network find each other by name.
            var server = rig.spec("web", ["sh", "-c", "echo hello > /tmp/index.html; httpd -f -p 80 -h /tmp"])
            server.host.network = .named(name)
            server.host.networkAliases = ["web"]
            let serverID = try await docker.createContainer(server).id
            try await docker.startContainer(serverID)
            var client = rig.spec("client", ["sleep", "1000"])
            client.host.network = .named(name)
            let clientID = try await docker.createContainer(client).id
            try await docker.startContainer(clientID)
            #expect(try await docker.inspectContainer(serverID).networks[name]?.address.isEmpty == false)
            let fetch = DockerExecSpec(
                ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do wget -q -O - http://web/ && exit; sleep 0.2; done"])
            let fetched = try await docker.run(fetch, in: clientID, timeout: .seconds(60))
            #expect(fetched.output.outputText == "hello\n", "\(fetched.output.errorText)")
            #expect(try await dockerError { try await docker.removeNetwork(name) }.kind == .inUse)
            for container in [serverID, clientID] { try await docker.removeContainer(container, isForced: true) }
            #expect(try await docker.removeNetwork(name) == .done)
            #expect(try await docker.removeNetwork(name) == .already)
            #expect(try await dockerError { try await docker.inspectNetwork(name) }.kind == .notFound)

            let volume = try await docker.createVolume(rig.name("vol"), labels: rig.labels)
            #expect(try await docker.createVolume(volume.name, labels: rig.labels) == volume)
            #expect(try await docker.inspectVolume(volume.name) == volume)
            #expect(try await docker.listVolumes(labels: [rig.label]).map(\.name) == [volume.name])
            let absent = try await dockerError { try await docker.inspectVolume(rig.name("absent")) }
            #expect(absent.kind == .notFound)
        }
    }
}
