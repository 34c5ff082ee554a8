import Postgres
import Queue
import Vendors

/// Stands before all work of a droplet: it begins only while the engine that answers is the droplet's own. A wrong socket
/// or address, or a host that was replaced, never gets another droplet's containers; and nothing is concluded from an
/// engine that does not answer.
public actor EngineGate {
    /// A sight is believed for so long, unless the watcher loses its connection before.
    private let freshness: Duration
    /// Those who are turned away come back after so long, or when the survey finds the engine again.
    private static let pause = Duration.seconds(30)

    private nonisolated let droplet: ServedDroplet
    private nonisolated let database: Database
    private var last: (sight: EngineSight, at: ContinuousClock.Instant)?
    private var looking: Task<EngineSight, any Error>?

    public init(_ droplet: ServedDroplet, database: Database, freshness: Duration = .seconds(15)) {
        self.droplet = droplet
        self.database = database
        self.freshness = freshness
    }

    /// Asks the engine who it is; those who ask meanwhile share the answer.
    public func look() async throws -> EngineSight {
        if let looking { return try await looking.value }
        let task = Task { [droplet, database] in try await Self.ask(droplet, database) }
        looking = task
        defer { looking = nil }
        let sight = try await task.value
        last = (sight, .now)
        return sight
    }

    /// What was believed may have changed.
    public func doubt() { last = nil }

    private func pass() async throws -> EngineSight {
        if let last, .now - last.at < freshness { return last.sight }
        return try await look()
    }

    /// The same kind behind the gate.
    public nonisolated func guarding(_ kind: JobKind) -> JobKind {
        var guarded = kind
        guarded.run = { lease in
            switch try await self.pass() {
            case .own: return try await kind.run(lease)
            case .closed(let reason, _):
                let told = DropletFreeze.tell(reason, on: self.droplet.name, only: lease.key)
                return Verdict(.again(after: Self.pause), writes: [told], log: ["reason": reason.rawValue])
            }
        }
        return guarded
    }

    private static func ask(_ droplet: ServedDroplet, _ database: Database) async throws -> EngineSight {
        do {
            let engine = try await droplet.docker.info()
            return try await compare(engine, droplet.name, database)
        } catch let error as DockerError {
            return EngineSight(error, at: droplet.name)
        }
    }

    /// Stores the identity at first sight. No two droplets have the same engine: the database sees to it.
    private static func compare(
        _ engine: DockerEngine, _ name: String, _ database: Database
    ) async throws -> EngineSight {
        do {
            let rows = try await database.query(
                """
                with first_sight as (
                    update converged.droplets set engine_id = \(engine.id) where name = \(name) and engine_id is null
                    returning engine_id)
                select coalesce((select engine_id from first_sight), engine_id) from converged.droplets where name = \(name)
                """)
            let known: String? = try rows.first?.decode(0)
            guard let known else { return .closed(.anotherEngine, "the droplet's row is gone") }
            if known == engine.id { return .own(version: engine.version) }
            let host = engine.name.map { " of host \($0)" } ?? ""
            return .closed(
                .anotherEngine,
                "engine \(engine.id)\(host) answers, \(name)'s is \(known); if the host was replaced: update converged.droplets set engine_id = null where name = '\(name)'"
            )
        } catch let error as PostgresError where error.constraint == "droplets_engine_id_key" {
            return .closed(
                .anotherEngine, "engine \(engine.id) answers, which is another droplet's; correct droplets.endpoint")
        }
    }
}
