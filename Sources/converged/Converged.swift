import ArgumentParser
import Operator

/// The program: the daemon and the operator's verbs, a file a verb in `Commands/`.
@main
struct Converged: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "converged",
        abstract: "Makes reality match the rows in Postgres, and tells what it does.",
        discussion: """
            The web app writes rows into Postgres; the daemon (`converged run`) provisions, repairs and deletes what \
            they ask for. All other verbs are for people: they read rows and leave wakes, and never call a vendor.

            START HERE
              converged doctor                what is missing, line by line
              converged status                one screen: is the whole working?
              converged why machine/1d4f06a2  what one object waits for
              converged reconcile machine/1d4f06a2 --now --wait

            KEYS
              machine/NAME  NAME: the id or its first 4 or more characters, the Fly app,
                            the machine's name, the user's short id or e-mail address
              pa/NAME       NAME: its name, container, host, or id (its first 4 or more characters)
              service/NAME  or service/DROPLET/NAME
              droplet/NAME
              rollout/NUMBER
              survey/fly    the look at the whole fleet
              fleet/fly     what the surveys found; fleet/profile/NAME: a roll-out

            SETTINGS come from CONVERGED_… variables and the JSON file that CONVERGED_SETTINGS_FILE names (the \
            environment wins), secrets from $CREDENTIALS_DIRECTORY, or CONVERGED_CREDENTIALS_DIR without systemd: \
            fly-token, keyring, and if wanted database-password or database-url.
            \(settingLines)

            EXIT CODES
              0    done
              1    it works, and something needs a person
              2    reconcile --wait: blocked or paused; 3 failed and tried again
              64   wrong command line
              66   no such object, or more than one
              69   the database can't be reached
              70   a fault of ours
              75   not now: try again
              77   this log-in may not do that
              78   settings, credentials or the schema's version
              124  reconcile --wait: still under way
            """,
        version: "converged \(Version.current)",
        subcommands: [
            RunCommand.self, StatusCommand.self, GetCommand.self, WhyCommand.self, PlanCommand.self,
            ReconcileCommand.self, PauseCommand.self, ResumeCommand.self, JobsCommand.self, QueuesCommand.self,
            WorkersCommand.self, SchedulesCommand.self, DropletsCommand.self, PAsCommand.self, RolloutCommand.self,
            DNSCommand.self, BackupsCommand.self, MetricsCommand.self, MigrateCommand.self, DoctorCommand.self,
            DockerBrokerCommand.self,
            VersionCommand.self,
        ])

    private static var settingLines: String {
        SettingTable.all.map { setting in
            "  \(setting.environmentName)\n      "
                + setting.meaning + (setting.defaultText.map { "; default \($0)" } ?? "")
        }.joined(separator: "\n")
    }

    /// ArgumentParser ends the program for what it threw itself: wrong command lines, help, version.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var verb = command as? any AsyncParsableCommand {
                try await verb.run()
            } else {
                try command.run()
            }
        } catch {
            guard let failure = Failure(error) else { exit(withError: error) }
            failure.exit()
        }
    }
}
