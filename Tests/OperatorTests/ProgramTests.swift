import Foundation
import Support
import Testing

@testable import Operator

/// The built binary: arguments, exit codes, streams.
@Suite struct ProgramTests {
    private struct Ended {
        let status: Int32
        let output: String
        let errors: String
    }

    /// With nothing of the test's own environment.
    private func run(_ arguments: [String], _ variables: [String: String] = [:]) async throws -> Ended {
        let program = try await ChildProcess.start(
            [Command.built("converged")] + arguments, environment: variables,
            name: "converged-\(UUID().uuidString)")
        let status = await program.wait()
        let ended = Ended(
            status: status, output: try String(contentsOfFile: program.standardOutput, encoding: .utf8),
            errors: try String(contentsOfFile: program.standardError, encoding: .utf8))
        for path in [program.standardOutput, program.standardError] { try FileManager.default.removeItem(atPath: path) }
        return ended
    }

    private func writeCredentials(into folder: String) throws {
        let keyRing = "k1 " + Data(repeating: 7, count: 32).base64EncodedString()
        for (name, text) in ["fly-token": "fm2_hidden", "keyring": keyRing] {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
        }
    }

    private static let verbs = [
        ["run"], ["status"], ["get"], ["why"], ["plan"], ["reconcile"], ["pause"], ["resume"], ["jobs", "list"],
        ["jobs", "show"], ["jobs", "retry"], ["jobs", "cancel"], ["jobs", "redrive"], ["jobs", "enqueue"],
        ["jobs", "tail"], ["queues", "list"], ["queues", "pause"], ["queues", "resume"], ["queues", "limit"],
        ["droplets", "list"], ["droplets", "show"], ["droplets", "drain"], ["droplets", "undrain"], ["pas", "list"],
        ["pas", "show"], ["rollout", "start"], ["rollout", "status"], ["rollout", "halt"], ["rollout", "resume"],
        ["rollout", "revert"], ["dns"], ["backups", "list"], ["backups", "run"], ["backups", "restore"],
        ["workers", "list"], ["workers", "drain"], ["workers", "undrain"], ["migrate", "up"],
        ["migrate", "status"],
        ["doctor"],
        ["schedules", "list"], ["schedules", "show"], ["schedules", "add"], ["schedules", "pause"],
        ["schedules", "resume"], ["schedules", "run"], ["schedules", "remove"], ["metrics"], ["version"],
    ]

    @Test func helpOfEveryVerbTeachesByExample() async throws {
        for verb in Self.verbs {
            let help = try await run(verb + ["--help"])
            #expect(help.status == 0)
            #expect(help.output.contains("  converged \(verb.joined(separator: " "))"), "\(verb)")
            if verb != ["run"], verb != ["metrics"] { #expect(help.output.contains("--output"), "\(verb)") }
        }
        let root = try await run(["--help"])
        #expect(root.output.contains("CONVERGED_DATABASE_URL"))
        #expect(root.output.contains("EXIT CODES"))
        #expect(root.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test func versionNamesItsLibraries() async throws {
        let table = try await run(["version"])
        #expect(table.output.hasPrefix("converged \(Version.current)\n"))
        let document = try JSON(parsing: try await run(["version", "--output", "json"]).output)
        #expect(document["schema_version"].integer == Int64(Version.schema))
        #expect(document["libpq"].text?.isEmpty == false)
        #expect(document["libcurl"].text?.isEmpty == false)
    }

    @Test func wrongCommandLinesEndWith64() async throws {
        for arguments in [
            ["nope"], ["get"], ["jobs", "show", "x"], ["status", "-o", "xml"], ["get", "machines", "--limit", "0"],
            ["jobs", "redrive"], ["jobs", "redrive", "--since", "yesterday"], ["queues", "limit", "bulk"],
            ["queues", "limit", "bulk", "--per-lane", "1"], ["pas", "list", "--status", "idle"], ["droplets", "drain"],
            ["droplets", "list", "--limit", "0"], ["rollout", "start"], ["rollout", "halt"],
            ["rollout", "start", "x:1", "--max-unavailable", "0"],
            ["jobs", "enqueue", "prune", "--args", "{}", "--args-file", "-"],
        ] {
            let ended = try await run(arguments)
            #expect(ended.status == Exit.usage.rawValue, "\(arguments)")
            #expect(ended.errors.contains("Usage: converged"), "\(arguments)")
        }
    }

    @Test func wrongSettingsEndWith78AndOneLine() async throws {
        for verb in [["run"], ["run", "--check"], ["status"]] {
            let ended = try await run(verb, ["CONVERGED_DATABASE_URK": "postgres://host/db"])
            #expect(ended.status == Exit.configuration.rawValue)
            #expect(ended.output.isEmpty)
            #expect(
                ended.errors
                    == "converged: CONVERGED_DATABASE_URK is not a setting; did you mean CONVERGED_DATABASE_URL?\n")
        }
        let doctor = try await run(["doctor"], ["CONVERGED_DATABASE_URK": "x"])
        #expect(doctor.status == Exit.attention.rawValue)
        #expect(doctor.output.hasPrefix("failed   settings"))
    }

    @Test func runChecksSettingsAndCredentials() async throws {
        let folder = try TemporaryFolder.make("converged-credentials")
        var variables = ["CONVERGED_DATABASE_URL": "host=/nowhere", "CONVERGED_CREDENTIALS_DIR": folder]
        func errors() async throws -> String {
            let ended = try await run(["run", "--check"], variables)
            #expect(ended.status == Exit.configuration.rawValue)
            return ended.errors
        }
        #expect(try await errors().contains("CONVERGED_FLY_ORG is not set"))
        variables["CONVERGED_FLY_ORG"] = "acme"
        #expect(try await errors().contains("credential 'fly-token'"))
        try writeCredentials(into: folder)
        let good = try await run(["run", "--check"], variables)
        #expect(good.status == 0, "\(good.errors)")
        #expect(good.output.contains("good"))
    }

    @Test func doctorAsksEverythingAndShowsNoSecret() async throws {
        let folder = try TemporaryFolder.make("converged-credentials")
        let secrets = [
            "fly-token": "fm2_hidden", "keyring": "k1 " + Data(repeating: 7, count: 32).base64EncodedString(),
        ]
        for (name, text) in secrets {
            try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/\(name)")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/fly-token")
        let variables = [
            "CONVERGED_DATABASE_URL": "postgres://me:hunter2@/db?host=/nowhere", "CONVERGED_CREDENTIALS_DIR": folder,
            "CONVERGED_FLY_ORG": "acme", "CONVERGED_FLY_URL": "http://127.0.0.1:9/v1",
        ]
        let exposed = try JSON(parsing: try await run(["doctor", "-o", "json"], variables).output)
        #expect(exposed.items.first { $0["check"].text == "fly-token" }?["verdict"].text == "failed")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/fly-token")
        let ended = try await run(["doctor", "-o", "json"], variables)
        #expect(ended.status == Exit.attention.rawValue)
        let rows = try JSON(parsing: ended.output).items
        let verdicts = Dictionary(
            rows.map { ($0["check"].line, $0["verdict"].line) }, uniquingKeysWith: { first, _ in first })
        #expect(verdicts["settings"] == "ok")
        #expect(verdicts["database url"] == "ok")
        #expect(verdicts["fly-token"] == "ok")
        #expect(verdicts["keyring"] == "ok")
        #expect(verdicts["database"] == "failed")
        #expect(verdicts["clock"] == "skipped")
        #expect(verdicts["vendors"] == "failed")
        #expect(verdicts["systemd"] != nil)
        for secret in ["hunter2", "fm2_hidden", "BwcHBw"] { #expect(!ended.output.contains(secret)) }
    }

    @Test func anUnreachableDatabaseEndsWith69() async throws {
        let ended = try await run(["status"], ["CONVERGED_DATABASE_URL": "host=/nowhere"])
        #expect(ended.status == Exit.unavailable.rawValue)
        #expect(ended.errors.split(separator: "\n").count == 1)
    }

    @Test func verbsWorkAgainstADatabase() async throws {
        try await Office.open { office in
            let ours = ["CONVERGED_DATABASE_URL": office.database.url(role: "converged_operator")]
            let list = try await run(["get", "machines", "-o", "json"], ours)
            #expect(list.status == 0)
            #expect(try JSON(parsing: list.output).items.count == 2)
            #expect(try await run(["status"], ours).status == Exit.attention.rawValue)
            #expect(try await run(["why", "nobody"], ours).status == Exit.unknown.rawValue)
            let refused = try await run(["jobs", "retry", "4711"], ours)
            #expect(refused.status == Exit.unknown.rawValue)
            #expect(refused.errors.hasPrefix("converged: there is no job 4711 to retry; "))
            let folder = try TemporaryFolder.make("converged-args")
            try #"{"days": 7}"#.write(toFile: "\(folder)/args.json", atomically: true, encoding: .utf8)
            let made = try await run(
                ["jobs", "enqueue", "prune", "--args-file", "\(folder)/args.json", "--delay", "2h", "-o", "json"], ours)
            #expect(try JSON(parsing: made.output)["why"].text?.hasPrefix("not before ") == true, "\(made.errors)")
            let missing = try await run(["jobs", "enqueue", "prune", "--args-file", "\(folder)/none"], ours)
            #expect(missing.status == Exit.usage.rawValue && missing.errors.contains("can't read"))
            let web = ["CONVERGED_DATABASE_URL": office.database.url(role: "converged_web")]
            let forbidden = try await run(["pause", "machine"], web)
            #expect(forbidden.status == Exit.forbidden.rawValue, "\(forbidden.errors)")
        }
    }

    @Test func dropletVerbsEndAsTheyFound() async throws {
        try await Office.open { office in
            try await office.rentDroplets()
            let ours = ["CONVERGED_DATABASE_URL": office.database.url(role: "converged_operator")]
            let web = ["CONVERGED_DATABASE_URL": office.database.url(role: "converged_web")]
            #expect(try JSON(parsing: try await run(["pas", "list", "-o", "json"], ours).output).items.count == 2)
            #expect(try await run(["dns"], ours).output.contains("crm-alpha.team.example.com"))
            #expect(try await run(["dns", "--check", "--domain", "none.example.com"], ours).status == 0)
            #expect(try await run(["droplets", "drain", "fleet-alpha"], ours).status == 0)
            for unknown in [["droplets", "show", "x"], ["droplets", "undrain", "x"], ["pas", "show", "x"]] {
                #expect(try await run(unknown, ours).status == Exit.unknown.rawValue, "\(unknown)")
            }
            #expect(try await run(["droplets", "drain", "fleet-alpha"], web).status == Exit.forbidden.rawValue)
        }
    }

    @Test func aDatabaseWithoutOurSchemaEndsWith78() async throws {
        let test = try await TestDatabase.make(migrated: false)
        for verb in [["status"], ["get", "users"]] {
            let ended = try await run(verb, ["CONVERGED_DATABASE_URL": test.url])
            #expect(ended.status == Exit.configuration.rawValue)
            #expect(ended.errors.contains("converged migrate status"))
        }
        try await test.drop()
    }
}
