import Foundation
import Simulators
import Testing

@Suite("Simulated Docker: commands and files") struct EngineExecTests {
    @Test func whatACommandLeavesIsLostWithItsContainer() async throws {
        try await DockerStage.with { stage in
            stage.daemon.onExec(.init("which chromium", exitCode: 1))
            stage.daemon.onExec(.init("which chromium", output: "/usr/bin/chromium\n") { $0.needs = ["chromium"] })
            stage.daemon.onExec(.init("apt-get install *chromium*") { $0.marks = ["chromium"] })
            try await stage.run("pa-1")
            #expect(try await stage.exec(["which", "chromium"], in: "pa-1").code == 1)
            #expect(try await stage.exec(["apt-get", "install", "-y", "chromium"], in: "pa-1").code == 0)
            let found = try await stage.exec(["which", "chromium"], in: "pa-1")
            #expect(found.output == "/usr/bin/chromium\n" && found.code == 0)
            _ = try await stage.client.send("DELETE", "/containers/pa-1?force=1")
            try await stage.run("pa-1")
            #expect(try await stage.exec(["which", "chromium"], in: "pa-1").code == 1)
            let unknown = try await stage.exec(["nonsense"], in: "pa-1")
            #expect(unknown.code == 126 && unknown.output.contains("executable file not found in $PATH"))
        }
    }

    @Test func aLongCommandOutlivesItsClient() async throws {
        try await DockerStage.with { stage in
            stage.daemon.onExec(.init("install", output: "done\n") { $0.duration = .seconds(90) })
            try await stage.run("pa-1")
            let id = try await stage.makeExec(["install"], in: "pa-1")
            stage.daemon.inject(.init(.lostReply, on: "start-exec"))
            await #expect(throws: SocketClient.HungUp.self) {
                try await stage.client.post("/exec/\(id)/start", ["Detach": false])
            }
            #expect(try await stage.client.get("/exec/\(id)/json")["Running"] == true)
            #expect(try await stage.client.get("/exec/\(id)/json")["ExitCode"] == .null)
            stage.daemon.advance(by: .seconds(90))
            #expect(try await stage.client.get("/exec/\(id)/json")["ExitCode"] == 0)
            let again = try await stage.client.post("/exec/\(id)/start", ["Detach": false])
            #expect(again.status == 200)
            #expect(DockerStage.frames(again.bytes).first?.text.contains("has already run") ?? false)
        }
    }

    @Test func execsAreRefusedLikeTheRealOnes() async throws {
        try await DockerStage.with { stage in
            let id = try await stage.create("pa-1")
            let refused = try await stage.client.post("/containers/pa-1/exec", ["Cmd": ["true"]])
            #expect(refused.status == 409 && refused.message == "Container \(id) is not running")
            try await stage.start("pa-1")
            let empty = try await stage.client.post("/containers/pa-1/exec", ["Cmd": []])
            #expect(empty.status == 400 && empty.message == "No exec command specified")
            let absent = try await stage.client.post("/exec/abc/start", [:])
            #expect(absent.status == 404 && absent.message == "No such exec instance: abc")
        }
    }

    @Test func anUpgradeGivesRawBytes() async throws {
        try await DockerStage.with { stage in
            stage.daemon.onExec(.init("hello", exitCode: 4, output: "out") { $0.errors = "err\n" })
            try await stage.run("pa-1")
            let id = try await stage.makeExec(["hello"], in: "pa-1")
            let answer = try await stage.client.send(
                "POST", "/exec/\(id)/start", ["Detach": false, "Tty": false],
                headers: ["Connection": "Upgrade", "Upgrade": "tcp"])
            #expect(answer.status == 101)
            #expect(
                answer.bytes == [1, 0, 0, 0, 0, 0, 0, 3] + Array("out".utf8) + [2, 0, 0, 0, 0, 0, 0, 4]
                    + Array("err\n".utf8))
        }
    }

    @Test func archivesKeepOwnersAndBindsOutliveContainers() async throws {
        try await DockerStage.with { stage in
            let host: JSON = ["Binds": ["/srv/pa-1:/data"]]
            try await stage.run("pa-1", host: host)
            let archive = try Self.tar("secret.json", "{}")
            for folder in ["/tmp", "/data"] {
                let put = try await stage.client.send(
                    "PUT", "/containers/pa-1/archive?path=\(folder)", bytes: archive,
                    headers: ["Content-Type": "application/x-tar"])
                #expect(put.status == 200, "\(put.text)")
            }
            let file = try #require(stage.daemon.file("/tmp/secret.json", in: "pa-1"))
            #expect(file.text == "{}" && file.uid == 1000 && file.gid == 1001 && file.mode == 0o600)
            let back = try await stage.client.get("/containers/pa-1/archive?path=/tmp/secret.json")
            #expect(back.status == 200 && back.bytes.count % 512 == 0)
            let stat = try await stage.client.send("HEAD", "/containers/pa-1/archive?path=/tmp/secret.json")
            let text = try #require(stat.headers["x-docker-container-path-stat"].flatMap { Data(base64Encoded: $0) })
            #expect(try JSON(bytes: Array(text))["size"] == 2)
            #expect(try await stage.client.get("/containers/pa-1/archive?path=/nowhere").status == 404)
            let broken = try await stage.client.send(
                "PUT", "/containers/pa-1/archive?path=/tmp", bytes: Array(repeating: 7, count: 512))
            #expect(broken.status == 500)
            _ = try await stage.client.send("DELETE", "/containers/pa-1?force=1")
            try await stage.run("pa-1", host: host)
            #expect(stage.daemon.file("/tmp/secret.json", in: "pa-1") == nil)
            #expect(stage.daemon.file("/data/secret.json", in: "pa-1")?.text == "{}")
        }
    }

    /// One file of 1000:1001 with mode 600, as `tar` would write it.
    static func tar(_ name: String, _ content: String) throws -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ place: Int) {
            for (index, byte) in text.utf8.enumerated() { header[place + index] = byte }
        }
        put(name, 0)
        put("0000600", 100)
        put("0001750", 108)
        put("0001751", 116)
        put("00000000002", 124)
        put("00000000001", 136)
        put("        ", 148)
        put("0", 156)
        put("ustar", 257)
        put("00", 263)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put(String(repeating: "0", count: 6 - sum.count) + sum, 148)
        header[154] = 0
        let body = Array(content.utf8)
        return header + body + [UInt8](repeating: 0, count: 512 - body.count + 1024)
    }
}
