import ArgumentParser
import Operator

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at everything the daemon needs, a line each, and says what to do.",
        discussion: """
            Settings, credentials, database, migrations, roles, durability, clock, partitions, workers, droplets, vendors, \
            systemd. Each line is ok, failed or skipped; exit code 1 when one failed. Secrets are not shown. Run it as the daemon runs:

              converged doctor
              systemd-run --pipe --wait -p User=converged -p EnvironmentFile=/etc/converged/converged.env \
            -p LoadCredential=fly-token:/etc/converged/credentials/fly-token \
            -p LoadCredential=keyring:/etc/converged/credentials/keyring converged doctor
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let environment = Session.environment
        var checks: [Check]
        do {
            let session = try Session(environment: environment)
            let database = try? session.openDatabase()
            checks = HostChecks.settings(session) + HostChecks.credentials(session)
            if let database {
                checks += DatabaseChecks(database).all + [HostChecks.droplets(session, database)]
            } else {
                checks.append(Check("database") { .skipped("no usable URL") })
            }
            checks += [HostChecks.vendors(session), HostChecks.systemd(environment)]
        } catch let error as SettingsError {
            checks = error.lines.map { line in
                Check("settings") { .failed(line, advice: "`converged --help` lists the settings") }
            }
            checks.append(Check("others") { .skipped("the settings have to be right first") })
        }
        try Session.finish(try await Doctor(checks).examine(on: output.console))
    }
}
