import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Reconcilers
import Support
import Testing
import Vendors

/// The same rows against a Docker daemon that is one: what the simulated droplet is believed for.
@Suite("PAs on a real Docker daemon", .enabled("a Docker daemon can run here") { await DockerObstacle.found == nil })
struct RealDockerTests {
    @Test func aRowLivesFromItsFirstContainerToItsLast() async throws {
        let daemon = try await TestDocker.shared
        let tag = UUID().uuidString.prefix(8).lowercased()
        let images = ["1", "2", "broken"].map { "local/pa-\(tag):\($0)" }
        try await daemon.makeGatewayImage(images[0])
        try await daemon.makeGatewayImage(images[1])
        try await daemon.makeGatewayImage(images[2], .ends)
        let database = try await TestDatabase.make()
        let admin = database.open { $0.maxConnections = 2 }
        let outbound = Outbound(OutboundSettings(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let docker = DockerClient(outbound, endpoint: .unix(daemon.socket))
        let port = try FreePort.take()
        try await admin.script(
            """
            insert into converged.teams (name) values ('alpha');
            insert into converged.droplets (name, address, domain, served_by, first_port, last_port)
            values ('fleet-alpha', '192.0.2.1', 'team.example.com', 'path-test', \(port), \(port));
            """)
        let work = try worker(docker, outbound, database)
        let name = "real-\(tag)"
        let id: UUID = try await admin.query(
            "insert into converged.pas (name, team, image) values (\(name), 'alpha', \(images[0])) returning id"
        ).scalar()
        func reaches(_ reason: String) async throws {
            try await eventually("Ready shows \(reason)", within: .seconds(90)) {
                let told: [String] = try await admin.query(
                    """
                    select c.reason from converged.pas p
                        join converged.conditions c on c.kind = 'pa' and c.key = p.id::text and c.type = 'Ready'
                    where p.id = \(id) and p.observed_generation = p.generation
                    """
                ).column(0)
                return told == [reason]
            }
        }
        try await reaches("Running")
        let first = try await docker.inspectContainer("pa-" + name)
        #expect(first.state.isRunning && first.host.network == "host" && first.host.binds.isEmpty)
        #expect(first.host.restart == .unlessStopped && first.hostname == name)
        // The folder and the file, as whoever runs inside sees them.
        let seen = try await docker.run(
            DockerExecSpec(["stat", "-c", "%u:%g %a", "/home/node/.openclaw", "/home/node/.openclaw/openclaw.json"]),
            in: first.id, timeout: .seconds(20))
        #expect(seen.output.outputText == "1000:1000 700\n1000:1000 600\n")

        try await admin.query("update converged.pas set image = \(images[1]) where id = \(id)")
        try await reaches("Running")
        let second = try await docker.inspectContainer("pa-" + name)
        #expect(second.id != first.id && second.image == images[1] && second.state.isRunning)

        try await admin.query("update converged.pas set image = \(images[2]) where id = \(id)")
        try await reaches("RolledBack")
        let third = try await docker.inspectContainer("pa-" + name)
        #expect(third.id == second.id && third.state.isRunning)

        try await admin.query("update converged.pas set deleted_at = converged.now() where id = \(id)")
        try await eventually("the row is gone", within: .seconds(60)) {
            try await admin.query("select from converged.pas").isEmpty
        }
        #expect(try await docker.listContainers(DockerFilter(labels: ["\(Marks.droplet)=fleet-alpha"])).isEmpty)
        work.cancel()
        await work.value
        await outbound.close()
        await admin.close()
        try await database.drop()
    }

    private func worker(_ docker: DockerClient, _ outbound: Outbound, _ test: TestDatabase) throws -> Task<Void, Never>
    {
        var logger = Logger(label: "daemon")
        logger.logLevel = .critical
        let database = Database(DatabaseSettings(url: test.url(role: "converged_daemon")), logger: logger)
        let droplet = ServedDroplet(
            name: "fleet-alpha", docker: docker, gateway: { GatewayClient(outbound, host: "127.0.0.1", port: $0) },
            domain: "team.example.com", address: "192.0.2.1")
        let ring = try KeyRing(credential: Array("k1 \(Data(repeating: 7, count: 32).base64EncodedString())".utf8))
        var settings = WorkerSettings(name: "path-test", version: "1")
        settings.grace = .zero
        let kinds = PAs.jobKinds(on: droplet, database: database, keyRing: ring)
        let worker = Worker(database: database, kinds: kinds, settings: settings, logger: logger)
        return Task {
            do { try await worker.run() } catch { if !Task.isCancelled { Issue.record(error) } }
            await database.close()
        }
    }
}
