import Foundation
import Logging
import Postgres
import Queue
import Support
import Testing

@testable import Reconcilers

/// A real database and a real worker of the kind rollout; the workers of the droplets are played: when a PA's row has
/// another generation, they tell that it is ready, or that they went back.
struct RolloutStage: Sendable {
    let test: TestDatabase
    let owner: Database
    let daemon: Database
    let operators: Database

    static let oldImage = "ghcr.io/openclaw/openclaw:2026.2.22"
    static let newImage = "ghcr.io/openclaw/openclaw:2026.3.1"

    /// PAs are spread over the droplets: 14 over 3 are 5, 5 and 4. All are healthy.
    static func with(pas: Int = 14, droplets: Int = 3, _ body: (RolloutStage) async throws -> Void) async throws {
        let test = try await TestDatabase.make()
        let stage = RolloutStage(
            test: test, owner: test.open(), daemon: test.open(role: "converged_daemon"),
            operators: test.open(role: "converged_operator"))
        var failure: (any Error)?
        do {
            try await stage.rent(pas, droplets)
            try await body(stage)
        } catch { failure = error }
        for pool in [stage.owner, stage.daemon, stage.operators] { await pool.close() }
        try await test.drop()
        if let failure { throw failure }
    }

    private func rent(_ pas: Int, _ droplets: Int) async throws {
        try await owner.batch([
            "insert into converged.teams (name) values ('alpha'), ('beta')",
            """
            insert into converged.droplets (name, address, domain, served_by)
            select 'fleet-' || n, ('203.0.113.' || n)::inet, 'team.example.com', 'host-' || n from generate_series(1, \(droplets)) n
            """,
            """
            insert into converged.pas (name, team, droplet, image)
            select 'pa' || to_char(n, 'FM00'), case when n <= \(pas) / 2 then 'alpha' else 'beta' end,
                'fleet-' || (n - 1) % \(droplets) + 1, \(Self.oldImage)
            from generate_series(1, \(pas)) n
            """,
        ])
        try await answer()
    }

    /// The droplets' workers: each PA whose row they have not seen is told of. Those in `failing` go back from new images.
    func answer(failing: Set<String> = [], silent: Set<String> = []) async throws {
        let failing = Array(failing)
        try await daemon.query(
            """
            with taken as (
                update converged.pas p set observed_generation = generation,
                    status = case when name = any (\(failing)::text[]) and image = \(Self.newImage) then 'error' else 'running' end
                where observed_generation <> generation and name <> all (\(Array(silent))::text[])
                returning p.id, p.generation, p.status)
            insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
            select 'pa', id::text, 'Ready', case status when 'error' then 'False' else 'True' end,
                case status when 'error' then 'RolledBack' else 'Running' end,
                case status when 'error' then 'the gateway never answered' else '' end, generation, converged.now()
            from taken
            on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
                message = excluded.message, generation = excluded.generation, since = excluded.since
            """)
    }

    /// With the real worker at work; the droplets' workers answer as often as the test looks.
    func working(_ body: () async throws -> Void) async throws {
        var settings = WorkerSettings(name: "test", version: "0")
        settings.grace = .seconds(1)
        let worker = Worker(
            database: daemon, kinds: [Rollouts.jobKind(database: daemon, logger: Self.quiet)], settings: settings,
            logger: Self.quiet)
        let running = Task { try await worker.run() }
        do { try await body() } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        _ = await running.result
    }

    /// Plays the droplets until the rollout stands so.
    func play(
        _ rollout: Int64, until stands: String, failing: Set<String> = [], silent: Set<String> = []
    ) async throws {
        try await eventually("rollout \(rollout) is \(stands)", within: .seconds(60)) {
            try await answer(failing: failing, silent: silent)
            try await assertRoom(rollout)
            return try await self.stands(rollout) == stands
        }
    }

    /// Never more than one PA of a droplet is under way.
    private func assertRoom(_ rollout: Int64) async throws {
        let most: Int64 = try await owner.query(
            """
            select coalesce(max(count), 0) from (
                select count(*) from converged.rollout_members
                where rollout = \(rollout) and state in ('updating', 'soaking') group by droplet) each
            """
        ).scalar()
        #expect(most <= 1)
    }

    func start(
        _ image: String = newImage, team: String? = nil, budget: Int = 1, soak: Int = 0, replaces: Bool = false
    ) async throws -> Int64 {
        try await operators.query(
            """
            select converged.start_rollout(\(image), \(team), soak_s => \(soak)::integer, failure_budget => \(budget)::integer,
                replaces => \(replaces))
            """
        ).scalar()
    }

    func stands(_ rollout: Int64) async throws -> String {
        try await operators.query("select stands from converged.rollout_list where id = \(rollout)").scalar()
    }

    /// `["waiting": 8, …]`
    func states(_ rollout: Int64) async throws -> [String: Int64] {
        let rows = try await operators.query(
            "select state, count(*) from converged.rollout_members where rollout = \(rollout) group by state")
        return Dictionary(uniqueKeysWithValues: try rows.decode((String, Int64).self))
    }

    func condition(_ rollout: Int64, _ type: String) async throws -> String {
        try await operators.query(
            """
            select status || '/' || reason from converged.conditions
            where kind = 'rollout' and key = \(String(rollout)) and type = \(type)
            """
        ).scalar()
    }

    /// How many PAs have the new image.
    func renewed() async throws -> Int64 {
        try await owner.query("select count(*) from converged.pas where image = \(Self.newImage)").scalar()
    }

    private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
