import Foundation
import Support
import Testing

@testable import Broker
@testable import Vendors

/// A daemon that was taken over tries to become root on the host. What our client cannot even say is in `RawAttackTests`.
@Suite("Ways to become root through the broker", .docker) struct AttackTests {
    @Test func containersThatReachTheHostAreNotMade() async throws {
        try await BrokerRig.with { rig in
            var specs: [DockerContainerSpec] = []
            func attack(_ change: (inout DockerContainerSpec) -> Void) {
                var spec = rig.spec("attack\(specs.count)")
                change(&spec)
                specs.append(spec)
            }
            attack { $0.host.binds = [DockerBind("/", at: "/host")] }
            attack { $0.host.binds = [DockerBind(rig.daemon.socket, at: "/var/run/docker.sock")] }
            attack { $0.host.binds = [DockerBind("/var/run/docker.sock", at: "/s")] }
            attack { $0.host.binds = [DockerBind("/opt/mypa/agents/x/data/../../../../../etc", at: "/etc")] }
            attack { $0.host.mounts = [DockerMount(.bind, "/etc", at: "/etc")] }
            attack { $0.host.addCapabilities = ["SYS_ADMIN"] }
            attack { $0.host.securityOptions = ["seccomp=unconfined"] }
            attack { $0.host.log = DockerLog(driver: "syslog", options: ["syslog-address": "tcp://10.0.0.1:514"]) }
            attack { $0.labels = ["test": rig.labels["test"] ?? ""] }
            for spec in specs {
                let error = try await dockerError { try await rig.docker.createContainer(spec) }
                #expect(error.kind == .forbidden && error.isTerminal, "\(error)")
                #expect(error.message.hasPrefix("the Docker broker refuses: "), "\(error)")
            }
            #expect(try await rig.root.listContainers(DockerFilter(labels: ["test=\(rig.id)"])).isEmpty)
            #expect(rig.broker.log.lines.filter { $0.hasPrefix("warning refused POST") }.count == specs.count)
        }
    }

    @Test func foreignContainersAreOutOfReach() async throws {
        try await BrokerRig.with { rig in
            let foreign = try await rig.foreign("theirs")
            let exec = try await rig.root.createExec(in: foreign, DockerExecSpec(["env"]))
            let name = rig.name("theirs")
            for target in [foreign, name] {
                let calls: [() async throws -> Void] = [
                    { _ = try await rig.docker.startContainer(target) },
                    { _ = try await rig.docker.stopContainer(target) },
                    { try await rig.docker.killContainer(target) },
                    { try await rig.docker.restartContainer(target) },
                    { try await rig.docker.renameContainer(target, to: rig.name("stolen")) },
                    { try await rig.docker.updateContainer(target, DockerLimits(processes: 1)) },
                    { _ = try await rig.docker.removeContainer(target, isForced: true) },
                    { _ = try await rig.docker.waitContainer(target, timeout: .seconds(5)) },
                    { _ = try await rig.docker.logs(of: target, lines: 1) },
                    { _ = try await rig.docker.createExec(in: target, DockerExecSpec(["env"])) },
                    { _ = try await rig.docker.readFile("/etc/passwd", in: target) },
                    { _ = try await rig.docker.stat("/etc/passwd", in: target) },
                    { try await rig.docker.putArchive([.file("x", [1], mode: 0o600)], into: target, at: "/tmp") },
                    { _ = try await rig.docker.startExec(exec, timeout: .seconds(5)) },
                    { _ = try await rig.docker.inspectExec(exec) },
                ]
                for (index, call) in calls.enumerated() {
                    #expect(try await dockerError { try await call() }.kind == .forbidden, "call \(index)")
                }
                let seen = try await rig.docker.inspectContainer(target)
                #expect(seen.id == foreign && seen.name == name && seen.state.status == "running")
                #expect(seen.environment.isEmpty && seen.labels.isEmpty && seen.image.isEmpty && seen.command.isEmpty)
            }
            #expect(try await rig.root.inspectContainer(name).state.isRunning)
        }
    }

    @Test func foreignNetworksAndVolumesAreNotUsed() async throws {
        try await BrokerRig.with { rig in
            let (network, volume) = (rig.name("prod"), rig.name("db"))
            try await rig.root.createNetwork(DockerNetworkSpec(name: network, labels: ["test": String(rig.id)]))
            _ = try await rig.root.createVolume(volume, labels: ["test": String(rig.id)])
            var joining = rig.spec("joining")
            joining.host.network = .named(network)
            var reading = rig.spec("reading")
            reading.host.binds = [DockerBind(volume, at: "/db")]
            for spec in [joining, reading] {
                #expect(try await dockerError { try await rig.docker.createContainer(spec) }.kind == .forbidden)
            }
            let labels = rig.labels
            #expect(
                try await dockerError { try await rig.docker.createVolume(volume, labels: labels) }.kind == .forbidden)
            #expect(try await dockerError { try await rig.docker.removeVolume(volume) }.kind == .forbidden)
            #expect(try await dockerError { try await rig.docker.inspectNetwork(network) }.kind == .forbidden)
            #expect(try await dockerError { try await rig.docker.removeNetwork("host") }.kind == .forbidden)
        }
    }

    /// A name that was ours becomes somebody else's: what was learnt is about the id.
    @Test func aNameThatChangesHandsIsLookedAtAgain() async throws {
        try await BrokerRig.with { rig in
            let id = try await rig.running("swapped")
            try await rig.docker.killContainer(rig.name("swapped"), signal: "CONT")
            try await rig.root.renameContainer(id, to: rig.name("gone"))
            let foreign = try await rig.foreign("swapped")
            #expect(
                try await dockerError { try await rig.docker.killContainer(rig.name("swapped")) }.kind == .forbidden)
            #expect(try await rig.root.inspectContainer(foreign).state.isRunning)
        }
    }
}
