import Foundation
import Support
import Testing

@testable import Vendors

@Suite("Commands in containers", .docker) struct DockerExecTests {
    @Test func outputsAreToldApartAndTheCodeIsKnown() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("exec")
            let script = "for i in 1 2 3; do echo out$i; echo err$i >&2; done; echo $X; id -u; pwd; exit 5"
            let result = try await rig.docker.run(
                DockerExecSpec(
                    ["sh", "-c", script], environment: ["X": "a b"], user: "1000", workingDirectory: "/tmp"),
                in: id, timeout: .seconds(30))
            #expect(result.exitCode == 5)
            #expect(result.output.outputText == "out1\nout2\nout3\na b\n1000\n/tmp\n")
            #expect(result.output.errorText == "err1\nerr2\nerr3\n")
            #expect(result.output.isComplete && result.output.droppedBytes == 0)
            let again = try await dockerError {
                try await rig.docker.startExec(result.execID, timeout: .seconds(30))
            }
            #expect(again.kind == .alreadyStarted)
        }
    }

    @Test func onlyTheTailOfMuchOutputIsKept() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("noisy")
            let result = try await rig.docker.run(
                DockerExecSpec(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x; echo end"]), in: id,
                timeout: .seconds(60), maxBytes: 1000)
            #expect(result.exitCode == 0 && result.output.standardOutput.count == 1000)
            #expect(result.output.outputText.hasSuffix("xend\n"))
            #expect(result.output.droppedBytes == 3_000_004 - 1000)
        }
    }

    @Test func aMissingCommandHasACode() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("missing")
            let result = try await rig.docker.run(DockerExecSpec(["nonsense"]), in: id, timeout: .seconds(30))
            #expect([126, 127].contains(result.exitCode))
        }
    }

    @Test func aStoppedContainerTakesNone() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.docker.createContainer(rig.spec("stopped")).id
            let error = try await dockerError { try await rig.docker.createExec(in: id, DockerExecSpec(["true"])) }
            #expect(error.kind == .notRunning)
            let absent = String(repeating: "0", count: 64)
            #expect(try await dockerError { try await rig.docker.inspectExec(absent) }.kind == .notFound)
            #expect(
                try await dockerError { try await rig.docker.createExec(in: id, DockerExecSpec([])) }.kind == .invalid)
        }
    }

    /// The deadline ends the reading, not the command; it is found by its id and its end is seen.
    @Test func aLongOneIsFoundAgainAfterTheClientHungUp() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("long")
            let spec = DockerExecSpec(["sh", "-c", "mkfifo /tmp/go; echo waiting; read x < /tmp/go; exit 4"])
            let exec = try await rig.docker.createExec(in: id, spec)
            let output = try await rig.docker.startExec(exec, timeout: .seconds(2))
            #expect(!output.isComplete)
            let running = try await rig.docker.inspectExec(exec)
            #expect(running.isRunning && running.exitCode == nil && running.containerID == id)
            #expect(running.command.first == "sh")
            let release = DockerExecSpec(["sh", "-c", "until [ -p /tmp/go ]; do sleep 0.05; done; echo > /tmp/go"])
            let released = try await rig.docker.run(release, in: id, timeout: .seconds(30))
            #expect(released.exitCode == 0)
            try await eventually("the long one has ended") {
                try await rig.docker.inspectExec(exec).exitCode == 4
            }
            let error = try await dockerError {
                try await rig.docker.run(DockerExecSpec(["sleep", "1000"]), in: id, timeout: .seconds(1))
            }
            #expect(error.kind == .timedOutWaiting)
            #expect(try await rig.docker.inspectExec(error.target).isRunning)
        }
    }

    @Test func detached() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("detached")
            let exec = try await rig.docker.createExec(
                in: id, DockerExecSpec(["sh", "-c", "exit 6"]), isAttached: false)
            try await rig.docker.startExecDetached(exec)
            try await eventually("it has ended") { try await rig.docker.inspectExec(exec).exitCode == 6 }
        }
    }
}
