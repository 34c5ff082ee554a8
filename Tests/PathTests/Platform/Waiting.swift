import Foundation
import Postgres
import Simulators
import Support
import Testing

/// What tests wait for: always something that a user of the product could see.
extension Platform {
    /// The row is answered in its present generation, Ready, and nobody works on it.
    func awaitSettled(
        _ assistants: [Assistant], _ status: String = "running", within limit: Duration = .seconds(30)
    ) async throws {
        let ids = assistants.map(\.id)
        try await eventually("\(ids.count) machines are \(status) and settled", within: limit) {
            try await count(
                """
                select count(*) from converged.machines m
                    join converged.conditions c on c.kind = 'machine' and c.key = m.id::text and c.type = 'Ready'
                where m.id = any (\(ids)::uuid[]) and m.status = \(status) and m.observed_generation = m.generation
                    and c.status = 'True' and c.generation = m.generation
                    and not exists (select from converged.wakes w where w.kind = 'machine' and w.key = m.id::text)
                    and not exists (
                        select from converged.jobs j where j.kind = 'machine' and j.key = m.id::text
                            and (j.state = 'running' or j.run_at <= converged.now()))
                """) == ids.count
        }
    }

    func awaitSettled(
        _ assistant: Assistant, _ status: String = "running", within limit: Duration = .seconds(30)
    ) async throws {
        try await awaitSettled([assistant], status, within: limit)
    }

    /// The row and all its objects at the vendor are gone.
    func awaitReleased(_ assistants: [Assistant], within limit: Duration = .seconds(40)) async throws {
        let ids = assistants.map(\.id)
        try await eventually("\(ids.count) rows are released", within: limit) {
            try await count("select count(*) from converged.machines where id = any (\(ids)::uuid[])") == 0
        }
    }

    /// Ready is not True, for this reason, in the row's present generation.
    @discardableResult
    func awaitReason(
        _ reason: String, of assistant: Assistant, within limit: Duration = .seconds(30)
    ) async throws -> Condition {
        try await eventually("\(assistant.key) says \(reason)", within: limit) {
            try await count(
                """
                select count(*) from converged.machines m join converged.conditions c
                    on c.kind = 'machine' and c.key = m.id::text and c.type = 'Ready' and c.generation = m.generation
                where m.id = \(assistant.id) and c.status <> 'True' and c.reason = \(reason)
                """) == 1
        }
        return try #require(try await condition(assistant.key))
    }

    /// So many surveys that began after now have ended.
    func awaitSurveys(_ wanted: Int, within limit: Duration = .seconds(30)) async throws {
        let since: Date = try await admin.query("select converged.now()").scalar()
        try await eventually("\(wanted) surveys", within: limit) {
            try await count(
                """
                select count(*) from converged.job_history
                where kind = 'survey' and key = 'fly' and started_at > \(since)
                """) >= wanted
        }
    }

    /// Lets database time pass: back-offs end, grace periods are over.
    func skip(_ time: Duration) async throws {
        try await moveClock(of: admin, by: time)
        try await admin.query("select pg_notify('converged_jobs', '')")
    }

    /// When nobody works on this kind and something waits for a later time, that time comes at once.
    func skipToNextRun(of kind: String) async throws {
        let wait: Double? = try await admin.query(
            """
            select extract(epoch from min(run_at) - converged.now())::float8 from converged.jobs
            where kind = \(kind) and not exists (select from converged.jobs busy
                    where state = 'running' or run_at <= converged.now())
                and not exists (select from converged.wakes)
                and not exists (select from converged.machines m where m.id::text = key and m.status = 'running')
            """
        ).scalar()
        if let wait { try await skip(.milliseconds(Int(wait * 1000) + 10)) }
    }

    /// Waits until all are running and settled, without waiting for back-offs.
    func awaitSettledSkippingWaits(_ assistants: [Assistant], within limit: Duration = .seconds(60)) async throws {
        let ids = assistants.map(\.id)
        try await eventually("\(ids.count) machines are running", within: limit) {
            try await skipToNextRun(of: "machine")
            return try await count(
                "select count(*) from converged.machines where status = 'running' and id = any (\(ids)::uuid[])")
                == ids.count
        }
        try await awaitSettled(assistants, within: limit)
    }

    /// The one machine of an assistant.
    func machine(_ assistant: Assistant) throws -> FlySimulator.MachineSnapshot {
        let all = fly.liveMachines(app: assistant.app).filter { $0.name == assistant.machineName }
        try #require(all.count == 1, "\(assistant.machineName): \(all.map(\.id))")
        return all[0]
    }

    /// The one volume of an assistant.
    func volume(_ assistant: Assistant) throws -> FlySimulator.VolumeSnapshot {
        let all = fly.liveVolumes(app: assistant.app).filter { $0.name == "data_\(assistant.shortID)" }
        try #require(all.count == 1, "data_\(assistant.shortID): \(all.map(\.id))")
        return all[0]
    }

    /// Calls that change something at the vendor.
    var mutations: [FlySimulator.Call] { fly.ledger.filter(\.mutating) }

    /// Nothing at the vendor that nobody asked for, and no call that its contract doesn't know.
    func expectClean(_ assistants: [Assistant]) {
        let byApp = Dictionary(grouping: assistants, by: \.app).mapValues(\.count)
        let most = byApp.values.max() ?? 1
        #expect(fly.leaks(expectedApps: Set(byApp.keys), machinesPerApp: most, volumesPerApp: most) == [])
        for (app, count) in byApp {
            #expect(fly.liveMachines(app: app).count == count, "machines of \(app)")
            #expect(fly.liveVolumes(app: app).count == count, "volumes of \(app)")
        }
        #expect(fly.violations.filter { $0.kind != .missingNonce }.map(\.description) == [])
        for assistant in assistants {
            #expect(throws: Never.self) { _ = try machine(assistant) }
            #expect(throws: Never.self) { _ = try volume(assistant) }
        }
    }
}
