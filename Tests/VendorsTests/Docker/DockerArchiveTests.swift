import Foundation
import Support
import Testing

@testable import Vendors

@Suite("Files in containers, and what they say", .docker) struct DockerArchiveTests {
    @Test func ownersAndModesAreKept() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.docker.createContainer(rig.spec("files")).id
            let long = String(repeating: "d", count: 90) + "/" + String(repeating: "f", count: 90)
            // Before its first start too.
            try await rig.docker.putArchive(
                [
                    .folder("state", mode: 0o750, userID: 1000, groupID: 1001),
                    .file("state/secret", Array("hush\n".utf8), mode: 0o600, userID: 1000, groupID: 1001),
                    .file("state/\(long)", [1, 2, 3], mode: 0o644),
                    TarEntry(path: "state/link", .link(to: "secret"), mode: 0o777),
                ], into: id, at: "/tmp")
            try await rig.docker.startContainer(id)
            let stat = DockerExecSpec(["stat", "-c", "%a %u %g %F", "/tmp/state", "/tmp/state/secret"])
            let seen = try await rig.docker.run(stat, in: id, timeout: .seconds(30)).output.outputText
            #expect(seen == "750 1000 1001 directory\n600 1000 1001 regular file\n")
            #expect(try await rig.docker.readFile("/tmp/state/secret", in: id) == Array("hush\n".utf8))
            #expect(try await rig.docker.readFile("/tmp/state/\(long)", in: id) == [1, 2, 3])
            let file = try await rig.docker.stat("/tmp/state/secret", in: id)
            #expect(file.mode == 0o600 && file.sizeBytes == 5 && !file.isFolder && file.name == "secret")
            #expect(try await rig.docker.stat("/tmp/state", in: id).isFolder)
            #expect(try await rig.docker.stat("/tmp/state/link", in: id).linkTarget?.hasSuffix("secret") == true)
        }
    }

    @Test func aLargeFileIsSentWhileItIsMade() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("large")
            let (count, size) = (64, 1 << 18)
            let chunks = AsyncStream<[UInt8]> { continuation in
                for index in 0..<count { continuation.yield([UInt8](repeating: UInt8(index), count: size)) }
                continuation.finish()
            }
            let entry = TarEntry(path: "large", .file(TarContent(chunks, length: count * size)), mode: 0o600)
            try await rig.docker.putArchive([entry], into: id, at: "/tmp")
            #expect(try await rig.docker.stat("/tmp/large", in: id).sizeBytes == count * size)
            var received = 0
            for try await chunk in try await rig.docker.archive(of: "/tmp/large", in: id) { received += chunk.count }
            #expect(received >= count * size)
            let error = try await dockerError { try await rig.docker.readFile("/tmp/large", in: id, maxBytes: 1000) }
            #expect(error.kind == .invalid)
        }
    }

    @Test func whatIsNotThere() async throws {
        try await DockerRig.with { rig in
            let id = try await rig.running("absent")
            let entry = TarEntry.file("x", [], mode: 0o600)
            #expect(
                try await dockerError { try await rig.docker.putArchive([entry], into: id, at: "/absent") }.kind
                    == .noSuchPath)
            #expect(try await dockerError { try await rig.docker.readFile("/absent", in: id) }.kind == .noSuchPath)
            #expect(try await dockerError { try await rig.docker.stat("/absent", in: id) }.kind == .noSuchPath)
            #expect(try await dockerError { try await rig.docker.readFile("/tmp", in: id) }.kind == .invalid)
            let nobody = rig.name("nobody")
            #expect(try await dockerError { try await rig.docker.readFile("/x", in: nobody) }.kind == .notFound)
            #expect(
                try await dockerError { try await rig.docker.putArchive([entry], into: nobody, at: "/tmp") }.kind
                    == .notFound)
            let out = TarEntry.file("../x", [], mode: 0o600)
            #expect(
                try await dockerError { try await rig.docker.putArchive([out], into: id, at: "/tmp") }.kind == .invalid)
        }
    }

    @Test func logsAreATail() async throws {
        try await DockerRig.with { rig in
            let script = "i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done; echo bad >&2"
            let id = try await rig.running("logs", ["sh", "-c", script])
            #expect(try await rig.docker.waitContainer(id, timeout: .seconds(60)) == 0)
            let tail = try await rig.docker.logs(of: id, lines: 3)
            // The daemon reads two pipes: which line is the last of both is chance.
            #expect((tail.outputText + tail.errorText).split(separator: "\n").count == 3)
            #expect(try await rig.docker.logs(of: id, lines: 501).errorText == "bad\n")
            let bounded = try await rig.docker.logs(of: id, lines: 1000, maxBytes: 20)
            #expect(bounded.standardOutput.count == 20)
            #expect(bounded.outputText.hasSuffix("line 499\n") && bounded.droppedBytes > 4000)
            let absent = try await dockerError { try await rig.docker.logs(of: rig.name("absent"), lines: 1) }
            #expect(absent.kind == .notFound)
        }
    }

    @Test func aTerminalHasNoFrames() async throws {
        try await DockerRig.with { rig in
            let name = rig.name("tty")
            try await rig.daemon.command([
                "run", "-d", "-t", "--network", "none", "--label", rig.label, "--name", name, TestDocker.image, "echo",
                "plain",
            ])
            #expect(try await rig.docker.waitContainer(name, timeout: .seconds(30)) == 0)
            #expect(try await rig.docker.inspectContainer(name).hasTerminal)
            #expect(try await rig.docker.logs(of: name, lines: 5).outputText == "plain\r\n")
        }
    }
}
