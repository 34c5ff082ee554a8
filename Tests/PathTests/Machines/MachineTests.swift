import Foundation
import Postgres
import Reconcilers
import Simulators
import Support
import Testing
import Vendors

/// From a row to a running assistant and back, against the simulated vendor.
@Suite struct MachineTests {
    @Test func aRowBecomesARunningAssistant() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let calls = life.lane.fly.ledger
            #expect(calls.count <= 9, "\(calls)")
            let machine = try await life.vendorMachine()
            let app = try #require(try await life.column("fly_app"))
            #expect(try await life.column("gateway_url") == "https://\(app).fly.dev")
            #expect(try await life.column("fly_region") == "iad")
            let config = try #require(machine.config)
            #expect(config.guest == FlyGuest(cpuKind: "shared", cpus: 1, memoryMB: 2048))
            #expect(config.mounts?.first?.path == "/home/node/.openclaw")
            #expect(config.services?.first?.ports == [FlyPort(port: 443, handlers: ["tls", "http"])])
            #expect(config.restart?.policy == "always")
            #expect(config.autoDestroy != true)
            #expect(config.metadata?[FlyMark.owner] == life.key)
            #expect(config.env?["AGENTMAIL_INBOX_ID"] == "swiftfox@mail.automna.ai")
            #expect(config.env?["OPENCLAW_CONFIG"]?.contains("\"port\": 18789") == true)
            #expect(config.env?["OPENCLAW_GATEWAY_TOKEN"]?.count == 64)
            let found = try await life.lane.inspector.getApp(app)
            #expect(found.network == app)
        }
    }

    @Test func noSecretIsLeftInWhatPeopleRead() async throws {
        try await MachineLife.run(set: [("env", "'{\"PROXY_KEY\": \"very-private\"}'")]) { life in
            try await life.reaches("running")
            try await life.change("image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            try await life.reaches("running")
            let token = try #require(try await life.vendorMachine().config?.env?["OPENCLAW_GATEWAY_TOKEN"])
            for table in [
                "events", "conditions", "traces", "job_history", "job_errors", "jobs", "dead_jobs", "machines",
            ] {
                let text: String? = try await life.lane.admin.query(
                    "select json_agg(t)::text from converged.\(raw: table) t"
                ).scalar()
                #expect(text?.contains(token) != true, "the token stands in \(table)")
                #expect(table == "machines" || text?.contains("very-private") != true, "env stands in \(table)")
            }
            let trace: String = try await life.lane.admin.query(
                "select desired::text || observed::text || plan::text from converged.traces where key = \(life.key)"
            ).scalar()
            #expect(trace.contains("PROXY_KEY") && trace.contains("environmentDigest"))
        }
    }

    @Test func stopStartAndRestartAreCarriedOutOnce() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            try await life.change("desired_state = 'stopped'")
            try await life.reaches("stopped")
            #expect(try await life.vendorMachine().state == "stopped")
            try await life.change("image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            try await life.reaches("stopped")
            #expect(try await life.vendorMachine().state == "stopped", "an update starts what is to be stopped")
            try await life.change("desired_state = 'running'")
            try await life.reaches("running")
            try await life.change("restart_requested_at = converged.now()")
            try await life.reaches("running")
            #expect(life.lane.fly.calls("restart-machine").count == 1)
            #expect(try await life.column("(restarted_at = restart_requested_at)") == "true")
            try await life.resync("running")
            #expect(life.lane.fly.calls("restart-machine").count == 1)
            #expect(life.lane.fly.calls("create-machine").count == 1)
        }
    }

    @Test func anUpdateIsMadeUnderTheMachinesLease() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            let before = try await life.vendorMachine()
            life.lane.fly.holdLease(before.id, for: .seconds(40))
            try await life.change(
                "image = 'ghcr.io/openclaw/openclaw:2026.3.1', cpus = 2, memory_mb = 4096, volume_gb = 3")
            try await life.shows("LeaseHeld")
            try await life.reaches("running")
            let after = try await life.vendorMachine()
            #expect(after.id == before.id && after.instanceID != before.instanceID)
            #expect(after.config?.image == "ghcr.io/openclaw/openclaw:2026.3.1")
            #expect(after.config?.guest?.memoryMB == 4096)
            #expect(after.config?.env == before.config?.env)
            let unguarded = life.lane.fly.calls("update-machine").filter { !$0.hasNonce }
            #expect(unguarded.isEmpty)
            #expect(life.lane.fly.calls("extend-volume").count == 1)
            #expect(life.lane.fly.calls("release-lease").count == life.lane.fly.calls("update-machine").count)
        }
    }

    @Test func aNewRowOfAUserWaitsUntilTheOldMachineIsGone() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            life.lane.fly.setHostUnreachable(try await life.vendorMachine().id)
            try await life.change("deleted_at = converged.now()")
            try await life.shows("HostUnreachable")
            let next: UUID = try await life.lane.admin.query(
                """
                insert into converged.machines (user_id, profile)
                select user_id, profile from converged.machines where id = \(life.machine) returning id
                """
            ).scalar()
            let successor = MachineLife(lane: life.lane, machine: next)
            try await successor.shows("Provisioning")
            #expect(try await successor.column("fly_app") == nil)
            life.lane.fly.setHostUnreachable(try await life.vendorMachine().id, false)
            try await life.reaches("gone")
            try await successor.reaches("running")
            let events: [String] = try await life.lane.admin.query(
                "select reason from converged.events where key = \(life.key) order by id"
            ).column(0)
            #expect(events.first == "Requested" && events.last == "Deleted" && events.contains("Running"))
        }
    }

    @Test func aPlanLooksAndWritesButDoesNothing() async throws {
        try await MachineLife.run { life in
            try await life.reaches("running")
            try await life.lane.admin.query("insert into converged.pauses (kind, key) values ('machine', '')")
            try await life.change("image = 'ghcr.io/openclaw/openclaw:2026.3.1', volume_gb = 2")
            life.lane.fly.clearLedger()
            try await life.lane.admin.query("select converged.wake('plan', \(life.key), true)")
            try await eventually("the plan is written") {
                let plan: String = try await life.lane.admin.query(
                    "select plan::text from converged.traces where kind = 'machine' and key = \(life.key)"
                ).scalar()
                return plan.contains("extend volume") && plan.contains("update machine")
            }
            #expect(life.lane.fly.ledger.filter(\.mutating).isEmpty)
        }
    }
}
