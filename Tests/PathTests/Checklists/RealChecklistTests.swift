import Foundation
import Postgres
import Reconcilers
import Support
import Testing
import Vendors

@Suite(
    "A checklist in a real container", .enabled("a Docker daemon can run here") { await DockerObstacle.found == nil })
struct RealChecklistTests {
    private static let rows: SQL = """
        insert into converged.checklist_steps (checklist, name, place, kind, argv, check_argv, path, content, owner_uid,
            owner_gid, mode, http_status, retries, timeout_s)
        values
            ('test', 'folder', 10, 'exec', '{mkdir,-p,/home/node}', null, null, null, null, null, null, null, 2, 60),
            ('test', 'program', 20, 'exec', '{sh,-c,"echo making; sleep 1; touch /made; echo x >>/times"}', '{test,-e,/made}',
                null, null, null, null, null, null, 2, 60),
            ('test', 'config', 40, 'file', null, null, '/home/node/.mcporter/deep/x.json', '{"of":"{name}"}', 1000, 1001, '0600', null, 2, 60),
            ('test', 'gateway', 50, 'http', null, null, '/healthz', null, null, null, null, 200, 2, 5)
        """

    private func with(_ body: (TestDocker, ChecklistStage) async throws -> Void) async throws {
        let daemon = try await TestDocker.shared
        try await ChecklistStage.with(
            .unix(daemon.socket), image: TestDocker.image, steps: Self.rows, command: ["sleep", "1000"]
        ) { stage in try await body(daemon, stage) }
    }

    @Test func allStepsAreDone() async throws {
        try await with { daemon, stage in
            #expect(try await stage.finish() == .done)
            let seen = try await daemon.command([
                "exec", stage.container, "stat", "-c", "%u:%g %a %n", "/home/node/.mcporter/deep/x.json",
                "/home/node/.mcporter/deep", "/home/node/.mcporter",
            ])
            #expect(
                seen.split(separator: "\n") == [
                    "1000:1001 600 /home/node/.mcporter/deep/x.json", "1000:1001 700 /home/node/.mcporter/deep",
                    "1000:1001 700 /home/node/.mcporter",
                ])
            #expect(
                try await daemon.command(["exec", stage.container, "cat", "/home/node/.mcporter/deep/x.json"])
                    == #"{"of":"ada"}"#)
            #expect(try await stage.run("program", "state, attempts, exit_code, output_tail") == "done 1 0 making\n")
            #expect(
                try await daemon.command(["exec", stage.container, "ls", "-A", "/home/node/.mcporter/deep"])
                    == "x.json\n")
            try await moveClock(of: stage.admin, by: .seconds(7 * 3600))
            #expect(try await stage.advance() == .done)
            #expect(try await daemon.command(["exec", stage.container, "cat", "/times"]) == "x\n")
        }
    }

    @Test func aCommandThatIsLeftIsFoundAgain() async throws {
        try await with { daemon, stage in
            try await stage.admin.query(
                "update converged.checklist_steps set argv = '{sh,-c,\"sleep 3; touch /made; echo x >>/times\"}' where name = 'program'"
            )
            guard case .working("program", _) = try await stage.advance({ $0.attachSeconds = 1 }) else {
                return #expect(Bool(false))
            }
            try await eventually("the command ends", within: .seconds(30)) {
                (try? await daemon.command(["exec", stage.container, "test", "-e", "/made"])) != nil
            }
            #expect(try await stage.finish() == .done)
            #expect(try await daemon.command(["exec", stage.container, "cat", "/times"]) == "x\n")
            #expect(try await stage.run("program", "attempts, exit_code") == "1 0")
        }
    }

    @Test func aFolderInTheFilesPlaceIsAFailure() async throws {
        try await with { daemon, stage in
            try await daemon.command(["exec", stage.container, "mkdir", "-p", "/home/node/.mcporter/deep/x.json"])
            guard case .failed("config", let why) = try await stage.finish() else { return #expect(Bool(false)) }
            #expect(why.contains("/home/node/.mcporter/deep/x.json is a folder"))
        }
    }
}
