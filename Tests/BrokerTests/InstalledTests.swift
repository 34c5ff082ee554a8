import Foundation
import Support
import Testing

/// The broker as an operator installs it: started by the first call to its socket, as its own user with all its
/// hardening, before a real Docker daemon outside.
@Suite("The broker's units", .docker) struct InstalledTests {
    private static let service = "converged-docker.service"
    private static let group = 987
    /// Where the machine sees the daemon's folder.
    private static let folder = "/var/docker"
    private static let broker = "/run/converged/docker.sock"

    @Test func theFirstCallStartsIt() async throws {
        guard let tree = try await SystemdTree.prepareOrSay() else { return }
        let daemon = try await TestDocker.shared
        try await Command.check(["chown", "0:\(Self.group)", daemon.socket])
        try await Command.check(["chmod", "0660", daemon.socket])
        try await Command.check(["chmod", "0755", daemon.folder])
        let machine = try await tree.boot(installation(daemon))
        do {
            try await startsOnDemand(machine)
            try await letsOnlyTheDaemonIn(machine)
            try await judges(machine, daemon)
            try await comesBack(machine)
        } catch {
            print((try? await machine.run(["journalctl", "-u", Self.service, "--no-pager", "-n", "60"]).output) ?? "")
            try? await machine.shutdown()
            throw error
        }
        try await machine.shutdown()
    }

    private func installation(_ daemon: TestDocker) -> Installation {
        var installation = Installation.daemon(program: Command.built("converged"))
        installation.files["/usr/lib/sysusers.d/docker.conf"] = (.text("g docker \(Self.group)\n"), 0o644)
        let change = """
            [Service]
            ExecStart=
            ExecStart=/usr/bin/converged docker-broker --docker=\(Self.folder)/docker.sock
            """
        installation.files["/etc/systemd/system/\(Self.service).d/test.conf"] = (.text(change), 0o644)
        installation.programs["/usr/bin/curl"] = "/usr/bin/curl"
        installation.binds[daemon.folder] = Self.folder
        installation.enabled = ["converged-docker.socket"]
        return installation
    }

    private func startsOnDemand(_ machine: BootedMachine) async throws {
        #expect(try await machine.property("ActiveState", of: "converged-docker.socket") == "active")
        #expect(try await machine.property("ActiveState", of: Self.service) == "inactive")
        #expect(try await machine.check(["stat", "-c", "%U:%G %a", Self.broker]) == "root:converged 660\n")
        #expect(try await ask(machine, "/_ping") == "OK 200")
        #expect(try await machine.property("ActiveState", of: Self.service) == "active")
        let process = try await machine.property("MainPID", of: Self.service)
        #expect(try await machine.check(["ps", "-o", "user:32=", "-p", process]) == "converged-docker\n")
        let judged = try await machine.check(["systemd-analyze", "security", "--no-pager", Self.service])
        let line = try #require(judged.split(separator: "\n").last { $0.contains("Overall exposure level") })
        let level = try #require(line.firstMatch(of: /: ([0-9.]+)/).flatMap { Double($0.1) })
        #expect(level <= 0.3)
    }

    private func letsOnlyTheDaemonIn(_ machine: BootedMachine) async throws {
        // 7: the connection is refused to it.
        let other = try await machine.run(Self.curl("/_ping", as: "nobody", group: "nogroup"))
        #expect(other.status == 7 && other.output == " 000", "\(other.output)")
        let past = try await machine.run(Self.curl("/_ping", socket: Self.folder + "/docker.sock"))
        #expect(past.status == 7 && past.output == " 000", "\(past.output)")
        let root = try await machine.run(
            Self.curl("/_ping", socket: Self.folder + "/docker.sock", as: "root", group: "root"))
        #expect(root.output == "OK 200", "Docker is there: \(root.output)")
    }

    private func judges(_ machine: BootedMachine, _ daemon: TestDocker) async throws {
        #expect(try await ask(machine, "/v1.41/containers/json").hasSuffix(" 200"))
        let refused = try await ask(machine, "/v1.41/system/df")
        #expect(refused.contains("the Docker broker refuses") && refused.hasSuffix(" 403"), "\(refused)")
        let name = "installed-\(UUID().uuidString.prefix(8).lowercased())"
        let path = "/v1.41/containers/create?name=\(name)"
        func body(_ more: String) -> String {
            """
            {"Image":"\(TestDocker.image)","Cmd":["sleep","1000"],"Labels":{"converged.owner":"pa/1"},\
            "HostConfig":{"NetworkMode":"none"\(more)}}
            """
        }
        for more in [#","Privileged":true"#, #","Binds":["/:/host"]"#, #","PidMode":"host""#] {
            let answer = try await ask(machine, path, sending: body(more))
            #expect(answer.contains("the Docker broker refuses") && answer.hasSuffix(" 403"), "\(answer)")
        }
        #expect(try await daemon.command(["ps", "-aq", "--filter", "name=\(name)"]) == "")
        let made = try await ask(machine, path, sending: body(""))
        #expect(made.hasSuffix(" 201"), "\(made)")
        try await daemon.command(["rm", "-f", name])
    }

    private func comesBack(_ machine: BootedMachine) async throws {
        try await machine.check(["systemctl", "kill", "--signal=KILL", Self.service])
        #expect(try await ask(machine, "/_ping") == "OK 200")
        try await machine.check(["systemctl", "stop", Self.service])
        #expect(try await machine.property("Result", of: Self.service) == "success")
        #expect(try await ask(machine, "/_ping") == "OK 200")
    }

    /// As the daemon does.
    private func ask(_ machine: BootedMachine, _ path: String, sending body: String? = nil) async throws -> String {
        let sent = body.map { ["-H", "Content-Type: application/json", "-d", $0] } ?? []
        return try await machine.run(Self.curl(path) + sent).output.replacing("\n", with: "")
    }

    private static func curl(
        _ path: String, socket: String = broker, as user: String = "converged", group: String = "converged"
    ) -> [String] {
        [
            "setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "curl", "-s", "-w", " %{http_code}",
            "--unix-socket", socket, "http://docker" + path,
        ]
    }
}
