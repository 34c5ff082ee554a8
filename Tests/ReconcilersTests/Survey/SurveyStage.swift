import Foundation
import Logging
import Outbound
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

/// A simulated organisation, a real database whose rows agree with it, and the survey between them.
struct SurveyStage: Sendable {
    let simulator: FlySimulator
    let test: TestDatabase
    let database: Database
    let outbound: Outbound
    let client: FlyClient

    static let app = "molt-os-bots"

    static func with(
        machines: Int = 0, _ options: FlySimulator.Options = .init(), _ body: (SurveyStage) async throws -> Void
    ) async throws {
        let simulator = try await FlySimulator.start(options)
        let test = try await TestDatabase.make()
        let budgets: [BudgetName: Budget] = [
            "fly": Budget(ratePerSecond: 1000, burst: 1000), "fly/*": Budget(ratePerSecond: 1000, burst: 1000),
        ]
        let outbound = Outbound(OutboundSettings(budgets: budgets), logger: Logger(label: "test"))
        let settings = FlySettings(url: simulator.url, org: simulator.org, token: FlyToken(simulator.token))
        let stage = SurveyStage(
            simulator: simulator, test: test, database: test.open(), outbound: outbound,
            client: FlyClient(outbound: outbound, settings: settings))
        simulator.addApp(app, org: simulator.org)
        var failure: (any Error)?
        do {
            try await stage.settle(machines)
            simulator.clearLedger()
            try await body(stage)
        } catch { failure = error }
        await outbound.close()
        await simulator.stop()
        await stage.database.close()
        try await test.drop()
        if let failure { throw failure }
    }

    /// Machines of the shared app and rows that agree with them.
    func settle(_ count: Int) async throws {
        guard count > 0 else { return }
        let rows = (0..<count).map { _ in UUID() }
        for (index, row) in rows.enumerated() {
            try simulator.addStrangerMachine(
                app: Self.app, name: "bot-\(index)", metadata: [FlyMark.owner: row.uuidString.lowercased()])
        }
        try await database.query(
            "insert into converged.users (id) select id from unnest(\(rows)::uuid[]) as id")
        try await database.query(
            "insert into converged.machines (id, user_id, profile) select id, id, 'molt' from unnest(\(rows)::uuid[]) id"
        )
        try await adopt()
    }

    /// Stores what the vendor lists in the rows that its machines name, and forgets the wakes of that.
    func adopt() async throws {
        var cursor: String?
        repeat {
            let page = try await client.orgMachines(cursor: cursor)
            try await database.query(
                """
                update converged.machines m set fly_app = t.app, fly_machine_name = t.name, fly_machine_id = t.id,
                    fly_instance_id = t.instance, fly_region = 'iad', status = 'running', status_at = converged.now(),
                    running_at = converged.now() - interval '1 hour', profile_generation = p.generation,
                    observed_generation = m.generation
                from unnest(\(page.items.map { $0.owner ?? "" })::text[], \(page.items.map(\.app))::text[],
                    \(page.items.map(\.name))::text[], \(page.items.map(\.id))::text[],
                    \(page.items.map(\.instanceID))::text[]) as t (owner, app, name, id, instance),
                    converged.machine_profiles p
                where m.id::text = t.owner and p.name = m.profile
                """)
            cursor = page.nextCursor
        } while cursor != nil
        try await database.query(
            """
            insert into converged.conditions (kind, key, type, status, reason, generation, since)
            select 'machine', id::text, 'Ready', 'True', 'Running', generation, converged.now() from converged.machines
            on conflict do nothing
            """)
        try await forgetWakes()
    }

    func forgetWakes() async throws { try await database.query("delete from converged.wakes") }

    /// One survey, its lease and its writes as a worker does them.
    @discardableResult
    func survey(_ key: String = FlySurvey.key, _ adjust: (inout SurveySettings) -> Void = { _ in }) async throws
        -> Verdict
    {
        var settings = SurveySettings()
        settings.checkupsPerSurvey = 0
        adjust(&settings)
        let survey = FlySurvey(client: client, database: database, settings: settings, logger: Logger(label: "test"))
        let job = try await database.query(
            """
            insert into converged.jobs (kind, queue, key, state, priority, run_at, rank, woken_at, created_at, fence)
            select 'survey', 'default', \(key), 'running', 0, now, now, now, now, nextval('converged.fences')
            from converged.now() as now returning id, fence
            """
        )[0].decode((Int64, Int64).self)
        let lease = Lease(
            job: job.0, fence: job.1, kind: "survey", key: key, wokenAt: Date(), database: database)
        let verdict = try await survey.run(lease)
        try await lease.write(verdict.writes)
        try await database.query("delete from converged.jobs where id = \(job.0)")
        return verdict
    }

    func wakes() async throws -> Set<String> {
        Set(
            try await database.query("select key from converged.wakes where kind = 'machine'").column(
                0, as: String.self))
    }

    /// `True/Surveyed`, or nil.
    func condition(_ type: String, key: String = "fly") async throws -> String? {
        try await database.query(
            """
            select status || '/' || reason from converged.conditions
            where kind = 'fleet' and key = \(key) and type = \(type)
            """
        ).column(0, as: String.self).first
    }

    func machineIDs() async throws -> [String] {
        try await database.query("select fly_machine_id from converged.machines order by id").column(0, as: String.self)
    }

    func rows() async throws -> [String] {
        try await database.query("select id::text from converged.machines order by id").column(0, as: String.self)
    }

    func count(_ sql: SQL) async throws -> Int { try await database.query(sql).scalar(as: Int.self) }
}
