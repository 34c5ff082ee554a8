import Foundation
import Support
import Testing

@testable import Vendors

@Suite("Containers of a real Docker daemon", .docker) struct DockerContainerTests {
    @Test func aContainerLivesFromCreateToAbsence() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            var spec = rig.spec("life", ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.1; done"])
            spec.environment = ["GREETING": "a=b c"]
            spec.hostname = "inside"
            spec.user = "1000:1000"
            let id = try await docker.createContainer(spec).id
            let made = try await docker.inspectContainer(spec.name)
            #expect(made.id == id && made.name == spec.name && made.state.status == "created")
            #expect(made.state.startedAt == nil && made.state.health == nil)
            #expect(made.environment.contains("GREETING=a=b c") && made.image == TestDocker.image)
            #expect(made.hostname == "inside" && made.user == "1000:1000" && made.imageID.hasPrefix("sha256:"))
            #expect(made.labels == rig.labels)

            #expect(try await docker.startContainer(id) == .done)
            #expect(try await docker.startContainer(id) == .already)
            #expect(try await docker.inspectContainer(id).state.isRunning)
            #expect(try await dockerError { try await docker.removeContainer(id) }.kind == .running)
            let listed = try await docker.listContainers(DockerFilter(labels: [rig.label], names: [spec.name]))
            #expect(listed.map(\.name) == [spec.name] && listed.first?.state == "running")

            let other = rig.name("renamed")
            try await docker.renameContainer(id, to: other)
            #expect(try await docker.inspectContainer(other).id == id)
            #expect(try await dockerError { try await docker.inspectContainer(spec.name) }.kind == .notFound)
            try await docker.restartContainer(id, graceSeconds: 5)
            #expect(try await docker.inspectContainer(id).state.isRunning)

            #expect(try await docker.stopContainer(id, graceSeconds: 20) == .done)
            #expect(try await docker.stopContainer(id) == .already)
            let ended = try await docker.inspectContainer(id)
            #expect(ended.state.status == "exited" && ended.state.exitCode == 7 && ended.state.finishedAt != nil)
            #expect(try await dockerError { try await docker.killContainer(id) }.kind == .notRunning)
            #expect(try await docker.removeContainer(id) == .done)
            #expect(try await docker.removeContainer(id) == .already)
            #expect(try await dockerError { try await docker.inspectContainer(id) }.kind == .notFound)
        }
    }

    @Test func aTakenNameTellsByWhom() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.docker.createContainer(rig.spec("twice")).id
            let create = try await dockerError { try await rig.docker.createContainer(rig.spec("twice")) }
            #expect(create.kind == .nameTaken(by: id))
            let other = try await rig.docker.createContainer(rig.spec("other")).id
            let rename = try await dockerError {
                try await rig.docker.renameContainer(other, to: rig.name("twice"))
            }
            #expect(rename.kind == .nameTaken(by: id))
        }
    }

    @Test func whatCannotStartSaysWhy() async throws {
        try await DockerRig.with { rig in
            var spec = rig.spec("noimage")
            spec.image = "local/absent:1"
            #expect(try await dockerError { try await rig.docker.createContainer(spec) }.kind == .noSuchImage)
            let id = try await rig.docker.createContainer(rig.spec("nocommand", ["nonsense"])).id
            let error = try await dockerError { try await rig.docker.startContainer(id) }
            #expect(error.kind == .cannotExecute && error.isTerminal)
            #expect("\(error)".contains("correct the command"))
            let state = try await rig.docker.inspectContainer(id).state
            #expect(state.status == "created" && state.exitCode == 127 && state.error.contains("nonsense"))
        }
    }

    /// On the host's network the program itself finds the port taken; a published port is the daemon's to bind.
    @Test func aPortInUse() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            var first = rig.spec("holder", ["httpd", "-f", "-p", "127.0.0.1:0"])
            first.host.network = .host
            try await docker.startContainer(try await docker.createContainer(first).id)
            let network = rig.name("net")
            try await docker.createNetwork(DockerNetworkSpec(name: network, labels: rig.labels))
            var published = rig.spec("published", ["httpd", "-f", "-p", "80"])
            published.host.network = .named(network)
            published.host.networkAliases = ["web"]
            published.host.ports = [DockerPort(80, hostPort: rig.daemon.port)]
            let id = try await docker.createContainer(published).id
            #expect(try await dockerError { try await docker.startContainer(id) }.kind == .portInUse)
            let shown = try await docker.inspectContainer(id)
            #expect(shown.host.ports == published.host.ports && shown.host.network == network)

            var second = rig.spec("second", ["httpd", "-f", "-p", "127.0.0.1:\(rig.daemon.port)"])
            second.host.network = .host
            let late = try await docker.createContainer(second).id
            try await docker.startContainer(late)
            #expect(try await docker.waitContainer(late, timeout: .seconds(30)) != 0)
            let words = try await docker.logs(of: late, lines: 5)
            #expect(words.errorText.contains("in use"))
        }
    }

    @Test func whatIsPausedOrUsed() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            let volume = try await docker.createVolume(rig.name("data"), labels: rig.labels)
            var spec = rig.spec("paused")
            spec.host.binds = [DockerBind(volume.name, at: "/data")]
            let id = try await docker.createContainer(spec).id
            try await docker.startContainer(id)
            #expect(try await dockerError { try await docker.removeVolume(volume.name) }.kind == .inUse)
            #expect(try await dockerError { try await docker.removeImage(TestDocker.image) }.kind == .inUse)
            try await rig.daemon.command(["pause", id])
            #expect(try await dockerError { try await docker.startContainer(id) }.kind == .paused)
            #expect(
                try await dockerError { try await docker.createExec(in: id, DockerExecSpec(["true"])) }.kind == .paused)
            try await docker.unpauseContainer(id)
            #expect(try await docker.inspectContainer(id).state.status == "running")
            #expect(try await dockerError { try await docker.unpauseContainer(id) }.kind == .conflict)
            try await docker.removeContainer(id, isForced: true)
            #expect(try await docker.removeVolume(volume.name) == .done)
            #expect(try await docker.removeVolume(volume.name) == .already)
        }
    }

    @Test func limitsAreSetUpdatedAndFelt() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            // `tail` keeps all of a line without an end.
            var spec = rig.spec("greedy", ["sh", "-c", "sleep 0.2; tail /dev/zero"])
            spec.host.limits = DockerLimits(
                memoryBytes: 16 << 20, memoryAndSwapBytes: 16 << 20, cpus: 0.5, processes: 20)
            spec.host.restart = .onFailure(maxRetries: 1)
            spec.host.securityOptions = ["no-new-privileges:true"]
            spec.host.dropCapabilities = ["ALL"]
            spec.host.log = DockerLog(driver: "json-file", options: ["max-size": "1m", "max-file": "2"])
            let id = try await docker.createContainer(spec).id
            let host = try await docker.inspectContainer(id).host
            #expect(host.memoryBytes == 16 << 20 && host.cpus == 0.5 && host.processes == 20)
            #expect(host.restart == .onFailure(maxRetries: 1) && host.securityOptions == ["no-new-privileges:true"])
            #expect(host.dropCapabilities == ["ALL"])
            try await docker.updateContainer(
                id, DockerLimits(memoryBytes: 24 << 20, memoryAndSwapBytes: 24 << 20), restart: .no)
            let changed = try await docker.inspectContainer(id).host
            #expect(changed.memoryBytes == 24 << 20 && changed.restart == .no && changed.cpus == 0.5)
            // The kernel kills, and a watcher beside the container tells Docker: when the end is quick it may miss one.
            var isTold = false
            for _ in 0..<10 where !isTold {
                try await docker.startContainer(id)
                #expect(try await docker.waitContainer(id, timeout: .seconds(60)) != 0)
                isTold = try await docker.inspectContainer(id).state.isOutOfMemory
            }
            #expect(isTold)
        }
    }

    /// What a spec says comes back from inspect, so that the two can be compared.
    @Test func whatWasAskedForIsShown() async throws {
        try await DockerRig.with { rig in
            let volume = try await rig.docker.createVolume(rig.name("vol"), labels: rig.labels)
            var spec = rig.spec("shown")
            spec.entrypoint = ["/bin/sleep"]
            spec.command = ["1000"]
            spec.host.mounts = [
                DockerMount(.volume, volume.name, at: "/data"), DockerMount(.bind, "/etc", at: "/e", isReadOnly: true),
            ]
            spec.host.binds = [DockerBind("/usr", at: "/u", isReadOnly: true)]
            spec.host.temporaryFolders = ["/scratch": "size=1m"]
            spec.host.extraHosts = ["crm:10.0.0.7"]
            spec.host.addCapabilities = ["NET_BIND_SERVICE"]
            spec.host.isRootReadOnly = true
            spec.host.log = DockerLog(driver: "json-file", options: ["max-size": "1m"])
            let id = try await rig.docker.createContainer(spec).id
            try await rig.docker.startContainer(id)
            let shown = try await rig.docker.inspectContainer(id)
            #expect(shown.entrypoint == spec.entrypoint && shown.command == spec.command)
            #expect(shown.host.mounts == spec.host.mounts && shown.host.binds == ["/usr:/u:ro"])
            #expect(shown.host.temporaryFolders == spec.host.temporaryFolders && shown.host.isRootReadOnly)
            #expect(shown.host.extraHosts == spec.host.extraHosts && shown.host.log == spec.host.log)
            #expect(shown.host.addCapabilities == ["NET_BIND_SERVICE"] && !shown.host.hasInit)
            let write = DockerExecSpec(["sh", "-c", "touch /x || touch /e/x || touch /u/x || touch /data/x"])
            #expect(try await rig.docker.run(write, in: id, timeout: .seconds(30)).exitCode == 0)
            let logged = try await rig.docker.run(DockerExecSpec(["ls", "/data"]), in: id, timeout: .seconds(30))
            #expect(logged.output.outputText == "x\n")
        }
    }

    /// Something else that is missing must not look like the container's absence.
    @Test func whatIsMissingIsToldApart() async throws {
        try await DockerRig.with { rig in
            let docker = rig.docker
            var spec = rig.spec("nofolder")
            spec.host.mounts = [DockerMount(.bind, "/nonexistent/folder", at: "/data")]
            #expect(try await dockerError { try await docker.createContainer(spec) }.kind == .needMissing)
            let network = rig.name("gone")
            try await docker.createNetwork(DockerNetworkSpec(name: network, labels: rig.labels))
            spec = rig.spec("nonetwork")
            spec.host.network = .named(network)
            let id = try await docker.createContainer(spec).id
            try await docker.removeNetwork(network)
            let start = try await dockerError { try await docker.startContainer(id) }
            #expect(start.kind == .needMissing, "\(start)")
            #expect(try await docker.inspectContainer(id).state.status == "created")
            #expect(try await dockerError { try await docker.startContainer(rig.name("no")) }.kind == .notFound)
        }
    }

    @Test func healthAndRestartsAreSeen() async throws {
        try await DockerRig.with { rig in
            var spec = rig.spec("healthy")
            spec.healthcheck = DockerHealthcheck(command: ["true"], intervalSeconds: 0.1, timeoutSeconds: 5)
            let id = try await rig.docker.createContainer(spec).id
            try await rig.docker.startContainer(id)
            try await eventually("it is healthy", within: .seconds(30)) {
                try await rig.docker.inspectContainer(id).state.health == .healthy
            }
            var crashing = rig.spec("crashing", ["false"])
            crashing.host.restart = .onFailure(maxRetries: 2)
            let other = try await rig.docker.createContainer(crashing).id
            try await rig.docker.startContainer(other)
            try await eventually("it was restarted twice", within: .seconds(30)) {
                let shown = try await rig.docker.inspectContainer(other)
                return shown.restartCount == 2 && !shown.state.isRunning
            }
        }
    }

    @Test func waiting() async throws {
        try await DockerRig.with { rig in
            let error = try await dockerError {
                try await rig.docker.waitContainer(rig.name("absent"), timeout: .seconds(1))
            }
            #expect(error.kind == .notFound)
            let endless = try await rig.running("endless")
            let late = try await dockerError {
                try await rig.docker.waitContainer(endless, timeout: .milliseconds(300))
            }
            #expect(late.kind == .timedOutWaiting)
            async let removed = rig.docker.waitContainer(endless, until: .removed, timeout: .seconds(60))
            try await rig.docker.killContainer(endless)
            #expect(try await rig.docker.waitContainer(endless, timeout: .seconds(30)) == 137)
            try await rig.docker.removeContainer(endless, isForced: true)
            // Whoever asked before the removal gets the code; whoever came after it finds nothing.
            do {
                #expect(try await removed == 137)
            } catch let error as DockerError {
                #expect(error.kind == .notFound)
            }
        }
    }

    @Test func whatCannotBeSentIsRefusedHere() async throws {
        try await DockerRig.with { rig in
            var specs = ["a", "-x", "a/b", "../up", "deadbeef", ""].map {
                DockerContainerSpec(name: $0, image: TestDocker.image)
            }
            var small = rig.spec("small")
            small.host.limits.memoryBytes = 1000
            var mount = rig.spec("mount")
            mount.host.binds = [DockerBind("/a:b", at: "/c")]
            var port = rig.spec("port")
            port.host.ports = [DockerPort(70_000, hostPort: 1)]
            specs += [small, mount, port]
            for spec in specs {
                let error = try await dockerError { try await rig.docker.createContainer(spec) }
                #expect(error.kind == .invalid && error.status == nil, "\(spec.name)")
            }
            #expect(try await dockerError { try await rig.docker.removeContainer("ab12") }.kind == .invalid)
        }
    }
}
