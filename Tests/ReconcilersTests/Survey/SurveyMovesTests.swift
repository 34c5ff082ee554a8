import Foundation
import Logging
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

/// What the survey moves by itself: orphans and roll-outs.
@Suite struct SurveyMovesTests {
    @Test func orphansAreShownFirstAndSweptWhenToldAfterTheirGrace() async throws {
        try await SurveyStage.with(machines: 5) { stage in
            let stray = try stage.simulator.addStrangerMachine(
                app: SurveyStage.app, name: "bot-stray", metadata: [FlyMark.owner: UUID().uuidString])
            try stage.simulator.addStrangerMachine(app: SurveyStage.app, name: "not-ours")
            let volume = try stage.simulator.addStrangerVolume(app: SurveyStage.app, name: "data_abcdef12")
            try stage.simulator.addStrangerVolume(app: SurveyStage.app, name: "postgres")
            try await stage.survey { $0.sweepsOrphans = true }
            #expect(try await stage.orphans() == [stray, volume])
            #expect(stage.simulator.calls("mutating").isEmpty && stage.simulator.calls("delete-*").isEmpty)

            try await moveClock(of: stage.database, by: .seconds(7200))
            try await stage.survey()
            #expect(stage.simulator.calls("delete-*").isEmpty, "nobody said so")

            try await stage.database.query("update converged.orphans set sweep = true where type = 'machine'")
            let verdict = try await stage.survey()
            #expect(verdict.log["swept"] == "1")
            #expect(stage.simulator.calls("delete-machine").map(\.target) == [stray])
            #expect(stage.simulator.calls("delete-volume").isEmpty)
            #expect(
                try await stage.count("select count(*) from converged.events where reason = 'OrphanSwept'") == 1)

            try await stage.survey { $0.sweepsOrphans = true }
            #expect(stage.simulator.calls("delete-volume").map(\.target) == [volume])
            try await stage.survey()
            #expect(try await stage.orphans().isEmpty)
            #expect(stage.simulator.violations.isEmpty)
        }
    }

    @Test func whatMayBeAdoptedOrIsInUseIsNotSwept() async throws {
        try await SurveyStage.with(machines: 3) { stage in
            let rows = try await stage.rows()
            let young = try stage.simulator.addStrangerVolume(app: SurveyStage.app, name: "data_aaaaaaaa")
            let used = try stage.simulator.addStrangerVolume(app: SurveyStage.app, name: "data_bbbbbbbb")
            try await stage.database.query(
                "update converged.machines set fly_volume_name = 'data_aaaaaaaa' where id::text = \(rows[0])")
            let config = FlyMachineConfig(image: "a", mounts: [FlyMount(volume: used, path: "/data")])
            _ = try await stage.client.createMachine(
                app: SurveyStage.app, FlyMachineRequest(name: "user", region: "iad", config: config))
            try await stage.database.query(
                "update converged.machines set fly_machine_id = null where id::text = \(rows[1])")
            try await stage.survey()
            #expect(try await stage.orphans() == [used], "not \(young), and not the machine of \(rows[1])")
            try await moveClock(of: stage.database, by: .seconds(7200))
            try await stage.survey { $0.sweepsOrphans = true }
            #expect(stage.simulator.calls("delete-*").isEmpty)
        }
    }

    @Test func aFrozenFleetSweepsNothing() async throws {
        try await SurveyStage.with(machines: 6) { stage in
            try stage.simulator.addStrangerMachine(
                app: SurveyStage.app, name: "stray", metadata: [FlyMark.owner: UUID().uuidString])
            try await stage.survey()
            try await moveClock(of: stage.database, by: .seconds(7200))
            stage.simulator.inject(.init(.emptyList, on: "list-org-machines"))
            try await stage.survey { $0.sweepsOrphans = true }
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped")
            #expect(try await stage.orphans().count == 1, "an unbelievable list forgets nothing")
            #expect(stage.simulator.calls("delete-*").isEmpty)
        }
    }

    @Test func aChangedProfileGoesCanaryFirstThenInBatches() async throws {
        try await SurveyStage.with(machines: 20) { stage in
            try await stage.change()
            #expect(try await stage.survey().outcome == .settled(next: .seconds(15)))
            #expect(try await stage.wakes().count == 1)
            #expect(try await stage.condition("RolledOut", key: "profile/molt") == "False/RollingOut")
            try await stage.survey()
            #expect(try await stage.wakes().count == 1, "the canary has not been looked at yet")

            var batches: [Int] = []
            for _ in 0..<12 {
                try await stage.forgetWakes()
                try await stage.survey()
                batches.append(try await stage.wakes().count)
            }
            #expect(batches == [2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 0, 0])
            #expect(try await stage.condition("RolledOut", key: "profile/molt") == "True/RolledOut")
        }
    }

    @Test func aSickCanaryHaltsTheRollout() async throws {
        try await SurveyStage.with(machines: 20) { stage in
            try await stage.change()
            try await stage.survey()
            let canary = try #require(try await stage.wakes().first)
            try await stage.forgetWakes()
            try await stage.database.query("update converged.machines set status = 'error' where id::text = \(canary)")
            try await stage.survey()
            #expect(try await stage.wakes().isEmpty)
            #expect(try await stage.condition("RolledOut", key: "profile/molt") == "False/RolloutHalted")
            #expect(
                try await stage.count("select count(*) from converged.machines where profile_generation = 2") == 1)

            try await stage.database.query("update converged.machines set status = 'running'")
            try await stage.survey()
            #expect(try await stage.wakes().count == 2, "it goes on when the machine is well")
        }
    }

    @Test func aWorkerRunsItByItsKeyAndComesBack() async throws {
        try await SurveyStage.with(machines: 3) { stage in
            let survey = FlySurvey(
                client: stage.client, database: stage.database, logger: .init(label: "test"))
            let worker = Worker(
                database: stage.database, kinds: [survey.jobKind],
                settings: WorkerSettings(name: "test", version: "0"), logger: .init(label: "test"))
            let running = Task { try await worker.run() }
            try await stage.database.query("select converged.wake('survey', 'fly')")
            try await eventually("a first survey") { try await stage.condition("Surveyed") == "True/Surveyed" }
            running.cancel()
            _ = await running.result
            let next = try await stage.count(
                """
                select count(*) from converged.jobs
                where kind = 'survey' and key = 'fly' and state = 'ready' and run_at > converged.now()
                """)
            #expect(next == 1)
        }
    }
}

extension SurveyStage {
    func orphans() async throws -> Set<String> {
        Set(try await database.query("select id from converged.orphans").column(0, as: String.self))
    }

    /// A new generation of the profile. What it wakes is not the machines.
    func change() async throws {
        try await database.query("update converged.machine_profiles set check_grace_s = 61 where name = 'molt'")
        #expect(try await wakes().isEmpty)
    }
}
