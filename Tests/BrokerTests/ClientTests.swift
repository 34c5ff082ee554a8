import Foundation
import Support
import Testing

@testable import Vendors

/// Our client, unchanged, does through the broker what it does without.
@Suite("Our client through the broker", .docker) struct ClientTests {
    @Test func theWholeLifeOfAContainer() async throws {
        try await BrokerRig.with { rig in
            #expect(try await rig.docker.negotiate() == (try await rig.root.negotiate()))
            #expect(try await rig.docker.version().version == (try await rig.root.version().version))
            var spec = rig.spec("pa", ["sh", "-c", "echo said; echo wrong >&2; sleep 1000"])
            spec.host.binds = [DockerBind("/opt/mypa/agents/pa-\(rig.id)/data", at: "/data")]
            spec.host.limits = DockerLimits(memoryBytes: 64 << 20, processes: 100)
            spec.host.restart = .unlessStopped
            spec.environment = ["NODE_ENV": "production"]
            spec.healthcheck = DockerHealthcheck(command: ["true"])
            let id = try await rig.docker.createContainer(spec).id
            #expect(try await rig.docker.startContainer(id) == .done)
            #expect(try await rig.docker.startContainer(id) == .already)
            let seen = try await rig.docker.inspectContainer(spec.name)
            #expect(
                seen == (try await rig.root.inspectContainer(id)) && seen.environment.contains("NODE_ENV=production"))
            try await eventually("it has said something") {
                try await rig.docker.logs(of: id, lines: 10).outputText == "said\n"
            }
            #expect(try await rig.docker.logs(of: id, lines: 10).errorText == "wrong\n")
            try await rig.docker.updateContainer(
                id, DockerLimits(memoryBytes: 128 << 20, memoryAndSwapBytes: 256 << 20))
            try await rig.docker.renameContainer(id, to: rig.name("pa.old"))
            try await rig.docker.restartContainer(id, graceSeconds: 0)
            try await rig.docker.killContainer(id)
            try await rig.docker.stopContainer(id, graceSeconds: 0)
            #expect(try await rig.docker.waitContainer(id, timeout: .seconds(30)) == 137)
            #expect(try await rig.docker.removeContainer(id, isForced: true) == .done)
            #expect(try await rig.docker.removeContainer(id) == .already)
            #expect(try await dockerError { try await rig.docker.inspectContainer(id) }.kind == .notFound)
            #expect(rig.broker.log.lines.allSatisfy { !$0.hasPrefix("warning") }, "\(rig.broker.log.lines)")
        }
    }

    @Test func execsAndTheirOutput() async throws {
        try await BrokerRig.with { rig in
            let id = try await rig.running("exec")
            let spec = DockerExecSpec(
                ["sh", "-c", "echo out; echo err >&2; id -u; exit 5"], environment: ["X": "y"], user: "1000",
                workingDirectory: "/tmp")
            let result = try await rig.docker.run(spec, in: id, timeout: .seconds(30))
            #expect(result.exitCode == 5 && result.output.outputText == "out\n1000\n")
            #expect(result.output.errorText == "err\n" && result.output.isComplete)
            let much = try await rig.docker.run(
                DockerExecSpec(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo end"]), in: id,
                timeout: .seconds(60), maxBytes: 1000)
            #expect(much.output.droppedBytes == 3_000_004 - 1000 && much.output.outputText.hasSuffix("xend\n"))
            let detached = try await rig.docker.createExec(
                in: id, DockerExecSpec(["sh", "-c", "exit 6"]), isAttached: false)
            try await rig.docker.startExecDetached(detached)
            try await eventually("it has ended") { try await rig.docker.inspectExec(detached).exitCode == 6 }
            let absent = String(repeating: "0", count: 64)
            #expect(try await dockerError { try await rig.docker.inspectExec(absent) }.kind == .notFound)
        }
    }

    @Test func archivesBothWays() async throws {
        try await BrokerRig.with { rig in
            let id = try await rig.docker.createContainer(rig.spec("files")).id
            let large = [UInt8](repeating: 7, count: 5_000_000)
            try await rig.docker.putArchive(
                [TarEntry.file("large", large, mode: 0o600, userID: 1000, groupID: 1000)], into: id, at: "/tmp")
            #expect(try await rig.docker.readFile("/tmp/large", in: id, maxBytes: 6_000_000) == large)
            let stat = try await rig.docker.stat("/tmp/large", in: id)
            #expect(stat.sizeBytes == 5_000_000 && stat.mode == 0o600)
            #expect(try await dockerError { try await rig.docker.stat("/nothing", in: id) }.kind == .noSuchPath)
            #expect(try await dockerError { try await rig.docker.readFile("/nothing", in: id) }.kind == .noSuchPath)
        }
    }

    @Test func networksVolumesAndLists() async throws {
        try await BrokerRig.with { rig in
            let (network, volume) = (rig.name("net"), rig.name("vol"))
            try await rig.docker.createNetwork(DockerNetworkSpec(name: network, labels: rig.labels))
            _ = try await rig.docker.createVolume(volume, labels: rig.labels)
            #expect(try await rig.docker.inspectVolume(volume).labels == rig.labels)
            var spec = rig.spec("member")
            spec.host.network = .named(network)
            spec.host.networkAliases = ["db"]
            spec.host.mounts = [DockerMount(.volume, volume, at: "/var/lib/data")]
            let id = try await rig.docker.createContainer(spec).id
            #expect(try await rig.docker.inspectContainer(id).networks[network] != nil)
            let foreign = try await rig.foreign("unseen")
            let listed = try await rig.docker.listContainers().map(\.id)
            #expect(listed.contains(id) && !listed.contains(foreign))
            #expect(try await rig.docker.listNetworks().allSatisfy { $0.labels["converged.owner"] != nil })
            #expect(try await rig.docker.listVolumes(names: [volume]).map(\.name) == [volume])
            try await rig.docker.removeContainer(id)
            #expect(try await rig.docker.removeVolume(volume) == .done)
            #expect(try await rig.docker.removeNetwork(network) == .done)
            #expect(try await rig.docker.removeNetwork(network) == .already)
        }
    }

    @Test func eventsOfOursOnly() async throws {
        try await BrokerRig.with { rig in
            var notices = rig.docker.events(DockerEventFilter(types: ["container"])).makeAsyncIterator()
            #expect(try await notices.next() == .relist)
            _ = try await rig.foreign("silent")
            let id = try await rig.running("loud")
            var seen: [String] = []
            while seen.last != "start", case .event(let event)? = try await notices.next() {
                #expect(event.attributes["converged.owner"] != nil)
                if event.objectID == id { seen.append(event.action) }
            }
            #expect(seen == ["create", "start"])
        }
    }

    @Test func pullsWithALogin() async throws {
        try await BrokerRig.with { rig in
            let open = try await TestRegistry.start()
            let reference = try await open.add("box:\(rig.id)", marker: String(rig.id), with: rig.daemon)
            let guarded = try await TestRegistry.start(folder: open.folder, wantsLogin: true)
            let there = try DockerImageReference(guarded.host + reference.dropFirst(open.host.count))
            let refused = try await dockerError { try await rig.docker.pullImage(there) }
            #expect(refused.kind == .unauthorized || refused.kind == .noSuchImage, "\(refused)")
            let login = DockerRegistryLogin(
                user: TestRegistry.user, password: TestRegistry.password, server: guarded.host)
            let image = try await rig.docker.pullImage(there, login: login)
            #expect(image.tags.contains("\(there)"))
            #expect(try await rig.docker.listImages(reference: "\(there)").map(\.id) == [image.id])
            #expect(!rig.broker.log.lines.joined().contains(TestRegistry.password))
            _ = try await rig.root.removeImage("\(there)")
            await open.stop()
            await guarded.stop()
        }
    }
}
