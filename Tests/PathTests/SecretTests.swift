import Foundation
import Postgres
import Simulators
import Support
import Testing

/// Secrets stay where they belong: in the credentials, in the machines, and sealed in one column.
@Suite struct SecretTests {
    private static let canary = "canary-7f3a-environment-value"

    @Test func noSecretIsSaidAnywhere() async throws {
        var options = Platform.Options()
        options.settings["CONVERGED_LOG_LEVEL"] = "trace"
        options.fly.token = "fly-token-canary-52c1"
        try await Platform.run(options) { platform in
            let daemon = try await platform.startDaemon()
            // A busy life: successes, refusals, repairs, an update, a deletion.
            // Not on leases: one whose answer is lost has to be waited out, half a minute.
            for call in ["create-app", "create-volume", "create-machine", "update-machine"] {
                platform.fly.inject(.init(.lostReply, on: call, times: 1))
            }
            platform.fly.inject(.init(.empty500, times: 4, probability: 0.2))
            let env = #"'{"PRIVATE": "\#(Self.canary)"}'"#
            let assistants =
                try await platform.signUp(2, ["env": env]) + platform.signUp(1, profile: "molt", ["env": env])
            let refused = try await platform.signUp(1, ["env": env, "memory_mb": "65536"])[0]
            try await platform.awaitReason("SpecRefused", of: refused)
            try await platform.awaitSettled(assistants, within: .seconds(60))
            try await platform.change(assistants[0], "image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            platform.fly.stopMachine(try platform.machine(assistants[1]).id)
            try await platform.awaitSettled(assistants[0])
            let plan = try await platform.converged(["plan", "machine/\(assistants[0].key)"])
            let why = try await platform.converged(["why", "machine/\(assistants[0].key)", "-o", "json"])
            let get = try await platform.converged(["get", "machine", assistants[0].key, "-o", "json"])
            try await platform.awaitSurveys(1)

            let secrets = try await secrets(of: platform)
            #expect(secrets.count >= 6)
            try expectNone(of: secrets, in: daemon.log, "the daemon's log")
            for said in [plan, why, get] { try expectNone(of: secrets, in: said.output + said.errors, "a verb") }
            for file in ["cmdline", "environ"] {
                let bytes = try Data(contentsOf: URL(fileURLWithPath: "/proc/\(daemon.processID)/\(file)"))
                try expectNone(of: secrets, in: String(decoding: bytes, as: UTF8.self), file)
            }
            try await expectNoneInTheDatabase(secrets, platform)
        }
    }

    /// Every value that must not be seen, by what it is.
    private func secrets(of platform: Platform) async throws -> [String: String] {
        let key = String(platform.home.keyring.dropFirst("k1 ".count))
        let bytes = try #require(Data(base64Encoded: key))
        var secrets = [
            "the Fly token": platform.fly.token, "the key": key,
            "the key as hex": bytes.map { String(format: "%02x", $0) }.joined(), "an environment value": Self.canary,
        ]
        for machine in platform.fly.liveMachines() {
            let token = try #require(machine.config["env"]?["OPENCLAW_GATEWAY_TOKEN"]?.string)
            secrets["the token of \(machine.name)"] = token
            #expect(!machine.config.description.contains(platform.fly.token))
        }
        return secrets
    }

    private func expectNone(of secrets: [String: String], in text: String, _ place: String) throws {
        for (name, secret) in secrets where text.contains(secret) { Issue.record("\(place) shows \(name)") }
    }

    /// Every row of every table, but for the sealed column and what the web app wrote itself.
    private func expectNoneInTheDatabase(_ secrets: [String: String], _ platform: Platform) async throws {
        let tables: [String] = try await platform.admin.query(
            "select tablename::text from pg_tables where schemaname = 'converged'"
        ).column(0)
        #expect(tables.contains("job_errors"))
        #expect(tables.contains("machines"))
        for table in tables {
            let rows: [String] = try await platform.admin.query(
                """
                select (case when \(table) = 'machines' then to_jsonb(t) - 'env' - 'gateway_token' else to_jsonb(t) end)::text
                from converged.\(raw: table) t
                """
            ).column(0)
            for row in rows { try expectNone(of: secrets, in: row, "table \(table)") }
        }
        let sealed: [String] = try await platform.admin.query(
            "select gateway_token from converged.machines where fly_machine_id is not null"
        ).column(0)
        #expect(!sealed.isEmpty)
        for token in sealed {
            #expect(token.hasPrefix("v1."))
            try expectNone(of: secrets, in: token, "a sealed token")
        }
    }
}
