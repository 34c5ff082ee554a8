import Foundation
import Postgres
import Reconcilers
import Simulators
import Vendors

/// A change of a team's four Twenty services, and what the droplet must show in the end.
struct ServiceCrashScenario: Sendable, CustomStringConvertible {
    var description: String
    /// Of services that run already; nil: they are new.
    var change: SQL?
    /// When it is done.
    var end: SQL
    var names = Self.names
    /// Which containers are made after the change.
    var makes: Set<String> = []
    var isGone = false
    var kinds = CrashPoint.Kind.allCases
    var inTurn = false

    static let names: Set<String> = ["twenty-alpha-db", "twenty-alpha-redis", "twenty-alpha", "twenty-alpha-worker"]
    static let image = "twentycrm/twenty:v2.38.1"
    static let newImage = "twentycrm/twenty:v2.39.0"
    private static let allVolumes = ["twenty-alpha-db", "twenty-alpha-redis", "twenty-alpha-storage"]
    private var volumes: [String] { names.count == 1 ? ["twenty-alpha-db"] : Self.allVolumes }

    private static func running(_ count: Int) -> SQL {
        """
        select count(*) = \(count) and bool_and(s.status = 'running' and s.observed_generation = s.generation and c.status = 'True')
        from converged.services s
            left join converged.conditions c on c.kind = 'service' and c.key = s.id::text and c.type = 'Ready'
        """
    }

    static let all = [
        // Four at once have hundreds of points, and change places: each call in one way is enough.
        ServiceCrashScenario(description: "create", end: running(4), makes: names, kinds: [.call], inTurn: true),
        ServiceCrashScenario(
            description: "changed image",
            change: """
                update converged.services set image = case image when \(image) then \(newImage) else \(image) end
                where name = 'twenty-alpha'
                """, end: running(4), makes: ["twenty-alpha"]),
        ServiceCrashScenario(
            description: "delete", change: "update converged.services set deleted_at = converged.now()",
            end: "select not exists (select from converged.services)", names: ["twenty-alpha-db"], isGone: true),
    ]

    func prepare(_ lane: DropletLane) {
        for image in [Self.image, Self.newImage, "postgres:16", "redis:7"] { lane.docker.publish(.init(image)) }
        for command in ["pg_isready *", "redis-cli ping", "curl *"] { lane.docker.onExec(.init(command)) }
        lane.docker.setHostFile("/opt/twenty/.env", .init("PG_DATABASE_PASSWORD=s3cret-word\nAPP_SECRET=hidden-word\n"))
    }

    /// All is as before the change, and the change is made. What runs already, and may go on so, stays.
    func begin(_ lane: DropletLane) async throws {
        let isRunning: Bool? = try await lane.admin.query(Self.running(names.count)).scalar()
        if change == nil || isRunning != true {
            try await clear(lane)
            guard change != nil else { return lane.docker.clearLedger() }
            let daemon = lane.start()
            try await lane.settle(Self.running(names.count))
            try await daemon.end()
            for volume in volumes { lane.docker.setHostFile("volume:\(volume)/kept", .init("precious")) }
        }
        lane.docker.clearLedger()
        if let change { try await lane.admin.query(change) }
    }

    /// Nothing but the rows, which are new.
    private func clear(_ lane: DropletLane) async throws {
        for container in lane.docker.containers() { lane.docker.removeContainer(container.id) }
        for network in try await lane.bystander.listNetworks() where network.name.hasPrefix("twenty") {
            try await lane.bystander.removeNetwork(network.name)
        }
        for volume in Self.allVolumes { _ = try? await lane.bystander.removeVolume(volume) }
        try await lane.admin.batch([
            "delete from converged.jobs", "delete from converged.wakes", "delete from converged.services",
            "delete from converged.containers", "delete from converged.conditions",
            "select converged.add_twenty('alpha', 'one')",
            "delete from converged.services where name::text <> all (\(names.sorted())::text[])",
        ])
    }

    /// What is wrong with the outcome; empty: nothing.
    func verify(_ lane: DropletLane) async throws -> [String] {
        let expected = isGone ? [] : names
        var wrong = lane.docker.leaks(
            expected: expected, ours: Marks.owner, owner: Marks.owner, temporary: ["*.next", "*.old", "*.env"]
        ).map(\.description)
        let made = lane.docker.calls("create-container").filter {
            $0.status == 201 && $0.target?.hasSuffix(".env") != true
        }
        .compactMap { $0.target?.replacing(".next", with: "") }.sorted()
        if made != makes.sorted() { wrong.append("made: \(made)") }
        let volumes = try await lane.bystander.listVolumes().map(\.name).sorted()
        if volumes != self.volumes { wrong.append("volumes: \(volumes)") }
        for volume in volumes where change != nil {
            if lane.docker.hostFile("volume:\(volume)/kept")?.text != "precious" {
                wrong.append("\(volume) lost its data")
            }
        }
        let networks = try await lane.bystander.listNetworks().filter { $0.name.hasPrefix("twenty") }
        if networks.count != (isGone ? 0 : 1) { wrong.append("networks: \(networks.map(\.name))") }
        return wrong + (isGone ? try await verifyGone(lane) : try await verifyRows(lane)) + verifyOrder(lane)
    }

    private func verifyGone(_ lane: DropletLane) async throws -> [String] {
        let left: [String] = try await lane.admin.query(
            """
            select 'conditions' from converged.conditions where kind = 'service'
            union all select 'memory' from converged.containers
            """
        ).column(0)
        return left.isEmpty ? [] : ["rows left: \(left)"]
    }

    private func verifyRows(_ lane: DropletLane) async throws -> [String] {
        let rows = try await lane.admin.query(
            """
            select s.name::text, s.image, c.container_id from converged.services s
                left join converged.containers c on c.kind = 'service' and c.key = s.id::text
            """)
        var wrong: [String] = []
        for row in rows {
            let (name, image, id) = try row.decode((String, String, String?).self)
            let container = lane.docker.container(name)
            if container?.isRunning != true { wrong.append("\(name) does not run") }
            if container?.id != id { wrong.append("the row of \(name) knows container \(id ?? "none")") }
            if container?.image != image { wrong.append("\(name) has image \(container?.image ?? "none")") }
        }
        return wrong
    }

    /// No service was started before all that it needs were.
    private func verifyOrder(_ lane: DropletLane) -> [String] {
        guard change == nil else { return [] }
        let starts = lane.docker.calls("start-container").filter { $0.status == 204 }.compactMap {
            $0.object?.replacing(".next", with: "")
        }
        func first(_ name: String) -> Int { starts.firstIndex(of: name) ?? .max }
        let main = first("twenty-alpha")
        let isOrdered =
            max(first("twenty-alpha-db"), first("twenty-alpha-redis")) < main && main < first("twenty-alpha-worker")
        return isOrdered ? [] : ["started in this order: \(starts)"]
    }
}
