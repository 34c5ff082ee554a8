import Foundation
import Postgres
import Simulators
import Support
import Testing

/// A row becomes a running machine.
@Suite struct ProvisionTests {
    @Test func aSignUpBecomesAMachineInAnAppOfItsOwn() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let config = #"{"agents": {"defaults": {"model": {"primary": "venice/small"}}}}"#
            let assistant = try await platform.signUp(
                1, ["env": #"'{"TZ": "Europe/Berlin"}'"#, "config": "'\(config)'"])[0]
            try await platform.awaitSettled(assistant)

            let app = try #require(platform.fly.app(assistant.app))
            #expect(app.network == assistant.app)
            #expect(Set(app.addresses.map(\.type)) == ["shared_v4", "v6"])
            let volume = try platform.volume(assistant)
            #expect(volume.sizeGB == 1)
            #expect(volume.encrypted)
            let machine = try platform.machine(assistant)
            #expect(machine.state == "started")
            #expect(machine.volume == volume.id)
            #expect(machine.image == "ghcr.io/openclaw/openclaw:2026.2.22")
            #expect(machine.config["mounts"]?[0]?["path"] == "/home/node/.openclaw")
            #expect(machine.config["guest"] == ["cpu_kind": "shared", "cpus": 1, "memory_mb": 2048])
            #expect(machine.config["env"]?["TZ"] == "Europe/Berlin")
            let rendered = try #require(machine.config["env"]?["OPENCLAW_CONFIG"]?.string)
            #expect(rendered.contains("venice/small"))
            #expect(rendered.contains("18789"))
            #expect(machine.config["env"]?["CONVERGED_USER_ID"]?.string == assistant.user.uuidString.lowercased())
            try expectWayIn(machine, platform)
            #expect(try await platform.column("gateway_url", of: assistant) == "https://\(assistant.app).fly.dev")
            platform.expectClean([assistant])
        }
    }

    @Test func botsShareAnApp() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let bots = try await platform.signUp(3, profile: "molt")
            try await platform.awaitSettled(bots)

            #expect(platform.fly.apps.map(\.name) == ["molt-os-bots"])
            for bot in bots {
                let volume = try platform.volume(bot)
                #expect(volume.sizeGB == 10)
                #expect(volume.encrypted)
                let machine = try platform.machine(bot)
                #expect(machine.config["mounts"]?[0]?["path"] == "/data")
                #expect(machine.volume == volume.id)
                #expect(machine.config["guest"] == ["cpu_kind": "shared", "cpus": 1, "memory_mb": 512])
                #expect(machine.config["env"]?["MOLT_USER_ID"]?.string == bot.user.uuidString.lowercased())
                #expect(machine.config["env"]?["CLAWDBOT_CONFIG"] != nil)
                #expect(machine.config["env"]?["PROXY_URL"] == "https://automna-proxy.fly.dev")
                let url = "http://\(machine.id).vm.molt-os-bots.internal:18789"
                #expect(try await platform.column("gateway_url", of: bot) == url)
            }
            let tokens = platform.fly.liveMachines().map { $0.config["env"]?["OPENCLAW_GATEWAY_TOKEN"]?.string }
            #expect(Set(tokens).count == 3)
            platform.expectClean(bots)
        }
    }

    /// Addresses of a kind pile up, one a call, and the first bots of a shared app see at the same time that it has none.
    @Test func theFirstBotsOfASharedAppGiveItOneAddressOfAKind() async throws {
        try await Platform.run { platform in
            platform.fly.inject(.init(.delay(.seconds(2)), on: "allocate-address", times: nil))
            try await platform.startDaemon()
            let bots = try await platform.signUp(8, profile: "molt")
            try await platform.awaitSettled(bots)

            let app = try #require(platform.fly.app("molt-os-bots"))
            #expect(app.addresses.map(\.type).sorted() == ["shared_v4", "v6"])
            #expect(
                try await platform.count("select count(*) from converged.machines where app_asked_at is not null") == 0)
            platform.expectClean(bots)
        }
    }

    /// The gateway's door and its key: what is the same in every profile.
    private func expectWayIn(_ machine: FlySimulator.MachineSnapshot, _ platform: Platform) throws {
        let token = try #require(machine.config["env"]?["OPENCLAW_GATEWAY_TOKEN"]?.string)
        #expect(token.wholeMatch(of: /[0-9a-f]{64}/) != nil)
        #expect(machine.config["env"]?["AGENTMAIL_INBOX_ID"]?.string?.hasSuffix("@mail.example.com") == true)
        #expect(!machine.config.description.contains(platform.fly.token))
        let service = machine.config["services"]?[0]
        #expect(service?["internal_port"] == 18789)
        #expect(service?["ports"]?[0]?["port"] == 443)
        #expect(service?["ports"]?[0]?["handlers"] == ["tls", "http"])
        #expect(machine.config["restart"]?["policy"] == "always")
        #expect(machine.config["auto_destroy"]?.bool != true)
    }
}
