import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Support
import Testing
import Vendors

@testable import Reconcilers

/// Against a real Docker daemon: what its events say is understood, and wakes the survey.
@Suite(
    "A droplet's events, from a real Docker daemon",
    .enabled("a Docker daemon can run here (the reason is printed)") { await DockerObstacle.found == nil })
struct DropletWatcherTests {
    private struct Rig {
        let docker: DockerClient
        let droplet: ServedDroplet
        let owner: Database
        let trouble: TroubleBook
        let survey: DropletSurvey
        let watcher: DropletWatcher
        let name: String

        func run(
            _ text: String, _ command: [String], _ change: (inout DockerContainerSpec) -> Void = { _ in }
        ) async throws -> String {
            let key = UUID().uuidString.lowercased()
            var spec = DockerContainerSpec(name: "\(text)-\(name)", image: TestDocker.image, command: command)
            spec.labels = [Marks.owner: "pa/\(key)", Marks.droplet: name]
            spec.host.network = .none
            change(&spec)
            try await docker.startContainer(try await docker.createContainer(spec).id)
            return "pa/\(key)"
        }
    }

    private func with(_ body: (Rig) async throws -> Void) async throws {
        let daemon = try await TestDocker.shared
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let outbound = Outbound(logger: quiet)
        let test = try await TestDatabase.make()
        let owner = test.open()
        let name = "real-" + UUID().uuidString.prefix(6).lowercased()
        let droplet = DropletStage.serve(name, daemon.socket, outbound)
        try await owner.query(
            """
            insert into converged.droplets (name, address, domain, served_by)
            values (\(name), '203.0.113.1', 'team.example.com', 'host-1')
            """)
        let gate = EngineGate(droplet, database: owner)
        let trouble = TroubleBook(DropletSettings())
        let rig = Rig(
            docker: droplet.docker, droplet: droplet, owner: owner, trouble: trouble,
            survey: DropletSurvey(
                droplet: droplet, gate: gate, trouble: trouble, database: owner, settings: DropletSettings(),
                logger: quiet),
            watcher: DropletWatcher(droplet: droplet, gate: gate, trouble: trouble, database: owner, logger: quiet),
            name: name)
        let result: Result<Void, any Error>
        do {
            try await body(rig)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for container in (try? await rig.docker.listContainers(DockerFilter(labels: ["\(Marks.droplet)=\(name)"])))
            ?? []
        {
            _ = try? await rig.docker.removeContainer(container.id, isForced: true)
        }
        await outbound.close()
        await owner.close()
        try await test.drop()
        try result.get()
    }

    @Test func deathsMemoryAndHealthAreHeard() async throws {
        try await with { rig in
            let watching = Task { await rig.watcher.run() }
            defer { watching.cancel() }
            func isWoken() async throws -> Bool {
                try await rig.owner.query(
                    "delete from converged.wakes where kind = \(rig.droplet.kind("survey")) and key = \(rig.name) returning 1"
                ).count > 0
            }
            // The row's own wake, and the one of the first connection.
            try await eventually("the stream stands", within: .seconds(30)) { try await isWoken() }
            let looping = try await rig.run("loops", ["sh", "-c", "exit 3"]) { $0.host.restart = .always }
            let sick = try await rig.run("sick", ["sleep", "1000"]) {
                $0.healthcheck = DockerHealthcheck(command: ["false"], intervalSeconds: 1, retries: 1)
            }
            let hungry = try await rig.run("hungry", ["sh", "-c", "tail /dev/zero"]) {
                $0.host.limits.memoryBytes = 16 << 20
                $0.host.limits.memoryAndSwapBytes = 16 << 20
            }
            let stopped = try await rig.run("stopped", ["sleep", "1000"])
            try await rig.docker.stopContainer("stopped-\(rig.name)", graceSeconds: 0)
            var touched: Set<String> = []
            try await eventually("all three are in trouble", within: .seconds(60)) {
                touched.formUnion(rig.trouble.takeTouched())
                let verdict = rig.trouble.judge()
                return verdict.looping[looping] ?? 0 >= 3 && verdict.outOfMemory.contains(hungry)
                    && touched.isSuperset(of: [looping, sick, hungry])
            }
            #expect(rig.trouble.judge().looping[stopped] == nil)
            try await eventually("the survey is woken", within: .seconds(30)) { try await isWoken() }
            let lease = Lease(
                job: 1, fence: 1, kind: rig.droplet.kind("survey"), key: rig.name, wokenAt: Date(), database: rig.owner)
            let verdict = try await rig.survey.run(lease)
            #expect(verdict.outcome == .settled(next: .seconds(60)))
            try await rig.owner.batch(verdict.writes)
            let orphans = try await rig.owner.query("select name from converged.orphans order by name")
                .column(0, as: String.self)
            #expect(orphans == ["hungry", "loops", "sick", "stopped"].map { "\($0)-\(rig.name)" })
        }
    }
}
