import Foundation
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

/// The survey against the simulated API and a real database.
@Suite struct SurveyFleetTests {
    @Test func aSettledFleetWakesNobodyAndCostsBulkCallsOnly() async throws {
        try await SurveyStage.with(machines: 2500) { stage in
            let verdict = try await stage.survey()
            #expect(verdict.outcome == .settled(next: .seconds(60)))
            #expect(try await stage.wakes().isEmpty)
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(stage.simulator.calls("list-org-machines").count == 3)
            #expect(stage.simulator.ledger.count <= 5, "\(Set(stage.simulator.ledger.map(\.action)))")
            #expect(verdict.log["listed"] == "2500")
            let before = try await stage.count("select count(*) from converged.events where kind = 'fleet'")
            try await stage.survey()
            #expect(try await stage.count("select count(*) from converged.events where kind = 'fleet'") == before)
        }
    }

    @Test func whatDiffersIsWokenOnceAndNotWhileSomebodyIsAtIt() async throws {
        try await SurveyStage.with(machines: 10) { stage in
            let ids = try await stage.machineIDs()
            let rows = try await stage.rows()
            #expect(stage.simulator.stopMachine(ids[3]))
            try await stage.survey()
            #expect(try await stage.wakes() == [rows[3]])

            try await stage.forgetWakes()
            try await stage.database.query(
                """
                insert into converged.jobs (kind, queue, key, priority, run_at, rank, woken_at, created_at, attempt)
                select 'machine', 'default', \(rows[3]), 8, now + interval '5 minutes', now, now, now, 2
                from converged.now() as now
                """)
            try await stage.survey()
            #expect(try await stage.wakes().isEmpty, "it is in a back-off")

            try await stage.database.query("delete from converged.jobs")
            try await stage.database.query(
                """
                update converged.conditions set status = 'False', reason = 'SpecRefused'
                where kind = 'machine' and key = \(rows[3])
                """)
            try await stage.survey()
            #expect(try await stage.wakes().isEmpty, "it is blocked until its row changes")
        }
    }

    @Test func anEditedMachineIsFoundByItsVersion() async throws {
        try await SurveyStage.with(machines: 5) { stage in
            let rows = try await stage.rows()
            try await stage.database.query(
                "update converged.machines set fly_instance_id = 'another' where id::text = \(rows[1])")
            try await stage.survey()
            #expect(try await stage.wakes() == [rows[1]])
        }
    }

    @Test func anEmptyListFreezesTheFleetAndALaterOneHealsIt() async throws {
        try await SurveyStage.with(machines: 8) { stage in
            stage.simulator.inject(.init(.emptyList, on: "list-org-machines"))
            try await stage.survey()
            #expect(try await stage.wakes().isEmpty)
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped")
            #expect(
                try await stage.count(
                    "select count(*) from converged.events where kind = 'fleet' and reason = 'PopulationDropped'") == 1)

            stage.simulator.inject(.init(.status(500, body: ""), on: "list-org-machines"))
            let failed = try await stage.survey()
            guard case .retry = failed.outcome else {
                Issue.record("\(failed.outcome)")
                return
            }
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped", "an outage lifts no freeze")

            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(try await stage.wakes().isEmpty)
        }
    }

    @Test func halfAListFreezesTooAndAnOperatorMayAcceptIt() async throws {
        try await SurveyStage.with(machines: 20) { stage in
            for id in try await stage.machineIDs().prefix(10) { #expect(stage.simulator.destroyMachine(id)) }
            stage.simulator.advance(by: .seconds(120))
            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped")
            #expect(try await stage.wakes().isEmpty)

            let accepted = try await stage.survey(FlySurvey.acceptKey)
            #expect(accepted.outcome == .settled(next: nil))
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(try await stage.wakes().count == 2, "a tenth of the group at a time")
            #expect(try await stage.condition("Repairs") == "False/RepairsHalted")

            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "True/Surveyed", "the word lasts")
            #expect(try await stage.condition("PopulationAccepted") == "True/Surveyed")
        }
    }

    @Test func fewMissingMachinesAreLookedAtOneByOne() async throws {
        try await SurveyStage.with(machines: 20) { stage in
            let id = try await stage.machineIDs()[0]
            let row = try await stage.rows()[0]
            #expect(stage.simulator.destroyMachine(id))
            stage.simulator.advance(by: .seconds(120))
            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(try await stage.wakes() == [row])
        }
    }

    @Test func regionsThatDoNotAnswerAreUnknownNotMissing() async throws {
        try await SurveyStage.with(machines: 10) { stage in
            stage.simulator.setErrorRegions(["iad"])
            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(try await stage.wakes().isEmpty)
        }
    }

    @Test func youngMachinesMayBeMissingFromALaggingList() async throws {
        try await SurveyStage.with(machines: 6) { stage in
            try await stage.database.query("update converged.machines set running_at = converged.now()")
            stage.simulator.inject(.init(.emptyList, on: "list-org-machines"))
            try await stage.survey()
            #expect(try await stage.wakes().isEmpty)
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
        }
    }

    @Test func aSharedAppsChecksAreReadInOneCall() async throws {
        try await SurveyStage.with(machines: 30) { stage in
            let ids = try await stage.machineIDs()
            let rows = try await stage.rows()
            #expect(
                stage.simulator.editMachine(ids[7]) { config in
                    config["checks"] = ["health": ["type": "http", "port": 1, "interval": "5s", "timeout": "2s"]]
                })
            #expect(stage.simulator.setChecks(ids[7], "critical"))
            try await stage.survey()
            #expect(try await stage.wakes() == [rows[7]])
            #expect(stage.simulator.calls("list-machines").count == 1)
            #expect(stage.simulator.calls("get-machine").isEmpty)
        }
    }

    @Test func checkupsGoRound() async throws {
        try await SurveyStage.with(machines: 10) { stage in
            try await stage.database.query("update converged.machine_profiles set app_mode = 'per_user'")
            try await stage.database.query("update converged.machines set profile_generation = 2")
            var seen: Set<String> = []
            // A slow machine may pass the time of a turn: more of them come.
            for _ in 0..<8 where seen.count < 10 {
                try await stage.survey { $0.checkupsPerSurvey = 3 }
                let turn = try await stage.wakes()
                #expect(turn.count == 3)
                seen.formUnion(turn)
                try await stage.forgetWakes()
                try await moveClock(of: stage.database, by: .seconds(60))
            }
            #expect(seen.count == 10)
        }
    }
}
