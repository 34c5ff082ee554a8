import FoundationEssentials
import Postgres

/// The rows of the show's droplet: the operator's once, then the web app's.
struct Assistants {
    static let droplet = "demo"
    static let host = "demo-host"
    static let names = ["ada", "ben", "cleo"]

    let owner: Database
    let web: Database

    func openDroplet(_ socket: String, ports: ClosedRange<Int>) async throws {
        try await owner.query(
            """
            insert into converged.droplets (name, endpoint, address, domain, served_by, first_port, last_port)
            values (\(Self.droplet), \("unix://" + socket), '192.0.2.10', 'team.example.com', \(Self.host),
                \(ports.lowerBound), \(ports.upperBound))
            """)
        try await owner.query("insert into converged.teams (name) values ('demo')")
    }

    func hire() async throws {
        for name in Self.names {
            try await web.query(
                "insert into converged.pas (name, team, image) values (\(name), 'demo', \(Engine.images.old))")
        }
    }

    func upgrade() async throws {
        try await web.query("select converged.start_rollout(\(Engine.images.new), team => 'demo', soak_s => 1)")
    }

    func ports() async throws -> [Int] { try await web.query("select port from converged.pas order by port").column(0) }

    func look() async throws -> Fleet.Picture {
        let rows = try await web.query(
            """
            select p.status, count(*), count(*) filter (where p.status = p.desired_state and c.generation = p.generation)
            from converged.pas p left join converged.conditions c
                on c.kind = 'pa' and c.key = p.id::text and c.type = 'Ready' and c.status = 'True'
            group by p.status
            """)
        return try Fleet.Picture(rows)
    }

    /// Steps of checklists that were carried out since then.
    func steps(since: Date) async throws -> Int {
        try await owner.query(
            "select count(*) from converged.checklist_runs where state = 'done' and finished_at >= \(since)"
        ).scalar()
    }

    func isUpgraded() async throws -> Bool {
        try await web.query("select bool_and(state = 'done') from converged.rollouts").scalar()
    }
}
