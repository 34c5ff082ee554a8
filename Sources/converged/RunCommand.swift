import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "The daemon: makes reality match the rows, until it is stopped.",
        discussion: """
            Started by systemd (Type=notify); SIGTERM ends it softly. It refuses to start, with one line and exit code \
            78, when settings, credentials or the database's schema are not as they must be. --check only looks at \
            settings and credentials.

              converged run --check && systemctl restart converged
              CONVERGED_CREDENTIALS_DIR=/tmp/secrets CONVERGED_FLY_ORG=acme converged run
            """)

    @Flag(help: "Check settings and credentials, then end.") var check = false

    func run() async throws {
        let session = try Session()
        let needs = try DaemonNeeds(session.settings, session.secrets)
        if check {
            print("settings and credentials are good: \(needs.describe(session.settings))")
        } else {
            try await Daemon.run(session.settings, needs)
        }
    }
}
