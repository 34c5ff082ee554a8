import Postgres
import Reconcilers
import Simulators
import Support
import Vendors

/// The kinds of steps that the fleet's standard has, on a simulated daemon.
enum StandardSteps {
    static let image = "local/openclaw:1"
    static let config = #"{"mcpServers": {"tez": {"baseUrl": "http://127.0.0.1:8100/mcp"}}, "imports": []}"#

    static let rows: SQL = """
        insert into converged.checklist_steps (checklist, name, place, kind, argv, check_argv, path, content, owner_uid,
            owner_gid, mode, method, with_token, http_status, retries)
        values
            ('test', 'index', 10, 'exec', '{apt-get,update}', null, null, null, null, null, null, null, false, null, 2),
            ('test', 'chromium', 20, 'exec', '{apt-get,install,chromium}', '{chromium,--version}', null, null, null, null, null, null, false, null, 2),
            ('test', 'config', 40, 'file', null, null, '/home/node/.mcporter/{name}.json', '{"n":"{name}/{team}/{droplet}"}',
                1000, 1000, '0600', null, false, null, 2),
            ('test', 'gateway', 50, 'http', null, null, '/healthz', null, null, null, null, null, false, 200, 2),
            ('test', 'token', 60, 'http', null, null, '/tools/invoke', '{}', null, null, null, 'POST', true, 404, 2)
        """

    /// Runs a daemon whose containers can do the commands of these steps.
    static func with(
        clock: SimulatorClock.Mode = .real, _ body: (DockerSimulator, ChecklistStage) async throws -> Void
    ) async throws {
        var options = DockerSimulator.Options()
        options.clock = clock
        let daemon = try await DockerSimulator.start(options)
        daemon.publish(.init(image), isLocal: true)
        daemon.onExec(.init("chromium --version", exitCode: 0) { $0.needs = ["chromium"] })
        daemon.onExec(.init("apt-get update", output: "Hit:1 http://deb.debian.org\n"))
        daemon.onExec(.init("apt-get install chromium", output: "Setting up chromium\n") { $0.marks = ["chromium"] })
        daemon.onExec(
            .init("mv -f *") {
                $0.moves = ["/home/node/.mcporter/.ada.json.converged": "/home/node/.mcporter/ada.json"]
            })
        let result: Result<Void, any Error>
        do {
            try await ChecklistStage.with(.unix(daemon.socket), image: image, steps: rows) { stage in
                try await body(daemon, stage)
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await daemon.stop()
        try result.get()
    }
}

extension DockerSimulator {
    /// How often a command was started in any container.
    func starts(of command: String) -> Int {
        execs().filter { $0.command.joined(separator: " ") == command && ($0.isRunning || $0.exitCode != nil) }.count
    }
}
