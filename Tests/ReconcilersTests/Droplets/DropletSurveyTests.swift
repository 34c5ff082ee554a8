import Foundation
import Postgres
import Queue
import Simulators
import Support
import Testing
import Vendors

@testable import Reconcilers

@Suite("Survey of a droplet") struct DropletSurveyTests {
    @Test func aSettledDropletCostsTwoCallsAndWakesNobody() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(5)
            let verdict = try await stage.survey()
            #expect(verdict.outcome == .settled(next: .seconds(60)))
            #expect(verdict.log == [:])
            #expect(try await stage.wakes() == [])
            #expect(stage.simulator.ledger.map(\.action) == ["info", "list-containers"])
            #expect(try await stage.condition("Ready") == "True/Surveyed")
            #expect(try await stage.condition("Repairs") == "True/Surveyed")
            #expect(try await stage.column("status") == "reachable")
            #expect(try await stage.column("engine_version") == "20.10.24")
            #expect(try await stage.column("observed_generation = generation") == "true")
        }
    }

    @Test func aNewDropletIsSeenAndEverythingOnItWoken() async throws {
        try await DropletStage.with { stage in
            let id: UUID = try await stage.owner.query(
                "insert into converged.pas (name, team, droplet) values ('bot', 'alpha', 'one') returning id"
            ).scalar()
            try await stage.forgetWakes()
            try await stage.survey()
            #expect(try await stage.wakes() == ["pa@one/\(id.uuidString.lowercased())", "routes@one/one"])
            #expect(try await stage.column("engine_id") != nil)
        }
    }

    @Test func onlyKeysThatDisagreeAreWoken() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(6)
            try await stage.droplet.docker.stopContainer("pa-bot-0")
            try await stage.droplet.docker.renameContainer("pa-bot-1", to: "mine")
            try await stage.owner.batch([
                "update converged.pas set desired_state = 'stopped' where name = 'bot-2'",
                "update converged.containers set spec_hash = 'other' where key = \(ids[3])",
            ])
            try await stage.forgetWakes()
            try await stage.survey()
            #expect(try await stage.wakes() == Set(ids[0...3].map { "pa@one/\($0)" }))
        }
    }

    @Test func aServiceThatLeftItsNetworkIsWoken() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(6)
            var keys: [String] = []
            try await stage.droplet.docker.createNetwork(DockerNetworkSpec(name: "team"))
            for name in ["store", "cache"] {
                let id: UUID = try await stage.owner.query(
                    """
                    insert into converged.services (name, droplet, team, image, network)
                    values (\(name), 'one', 'alpha', \(DropletStage.image), 'team') returning id
                    """
                ).scalar()
                keys.append(id.uuidString.lowercased())
                let container = try await stage.make(name, owner: "service/\(keys.last!)", network: .named("team"))
                try await stage.prove("service", keys.last!, container)
            }
            try await stage.owner.query(
                """
                insert into converged.conditions (kind, key, type, status, reason, generation, since)
                select 'service', id::text, 'Ready', 'True', 'Running', generation, converged.now()
                from converged.services
                """)
            try await stage.survey()
            try await stage.forgetWakes()
            try await stage.survey()
            #expect(try await stage.wakes() == [])
            stage.simulator.disconnect("store")
            try await stage.survey()
            #expect(try await stage.wakes() == ["service@one/\(keys[0])"])
        }
    }

    @Test func absenceIsBelievedOfTwoListsOnly() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(6)
            try await stage.droplet.docker.removeContainer("pa-bot-4", isForced: true)
            stage.simulator.clearLedger()
            try await stage.survey()
            #expect(stage.simulator.calls("list-containers").count == 2)
            #expect(try await stage.wakes() == ["pa@one/\(ids[4])"])
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
        }
    }

    @Test func aListThatLostManyFreezesCreatesAndDeletes() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(6)
            for number in 0..<4 { try await stage.droplet.docker.removeContainer("pa-bot-\(number)", isForced: true) }
            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped")
            #expect(try await stage.wakes() == [])
            // The operator says that they are really gone: a tenth at a time is looked at.
            try await stage.survey(DropletSurvey.acceptKey)
            #expect(try await stage.condition("Surveyed") == "True/Surveyed")
            #expect(try await stage.condition("Repairs") == "False/RepairsHalted")
            let woken = try await stage.wakes()
            #expect(woken.count == 1 && woken.isSubset(of: ids.map { "pa@one/\($0)" }))
        }
    }

    @Test func anEmptyListOfSeveralIsNotBelieved() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(2)
            for number in 0..<2 { try await stage.droplet.docker.removeContainer("pa-bot-\(number)", isForced: true) }
            try await stage.survey()
            #expect(try await stage.condition("Surveyed") == "False/PopulationDropped")
        }
    }

    @Test func repairsAreLimitedAndTheSameOnesGoFirst() async throws {
        try await DropletStage.with { stage in
            let ids = try await stage.settle(12)
            for number in 0..<5 { try await stage.droplet.docker.killContainer("pa-bot-\(number)", signal: "KILL") }
            let verdict = try await stage.survey()
            let first = try await stage.wakes()
            #expect(first == ["pa@one/\(ids[0..<5].min()!)"])
            #expect(verdict.log["held"] == "4")
            #expect(try await stage.condition("Repairs") == "False/RepairsHalted")
            try await stage.survey()
            #expect(try await stage.wakes() == first)
            for number in 0..<5 { try await stage.droplet.docker.startContainer("pa-bot-\(number)") }
            try await stage.survey()
            #expect(try await stage.condition("Repairs") == "True/Surveyed")
        }
    }

    @Test func strangersWithOurMarkAreListedAndStay() async throws {
        try await DropletStage.with { stage in
            try await stage.settle(1)
            let id = try await stage.make("pa-lost", owner: "pa/\(UUID().uuidString.lowercased())")
            try await stage.survey()
            let orphans = try await stage.owner.query(
                "select vendor, type, id, app, name from converged.orphans"
            ).decode((String, String, String, String, String).self)
            #expect(orphans.count == 1)
            #expect(
                orphans.first.map { [$0.0, $0.1, $0.2, $0.3, $0.4] } == ["docker", "container", id, "one", "pa-lost"])
            #expect(stage.simulator.calls("remove-container").isEmpty)
            try await stage.droplet.docker.removeContainer(id, isForced: true)
            try await stage.survey()
            #expect(try await stage.owner.query("select from converged.orphans").count == 0)
        }
    }

    @Test func aDeletedDropletIsReleasedWhenNothingIsLeft() async throws {
        try await DropletStage.with { stage in
            let id = try await stage.make("pa-lost", owner: "pa/\(UUID().uuidString.lowercased())")
            try await stage.survey()
            try await stage.owner.query("update converged.droplets set deleted_at = converged.now()")
            try await stage.survey()
            #expect(try await stage.column("status") == "deleting")
            #expect(try await stage.condition("Ready") == "False/Deleting")
            try await stage.droplet.docker.removeContainer(id, isForced: true)
            #expect(try await stage.survey().outcome == .settled(next: nil))
            #expect(try await stage.owner.query("select from converged.droplets").count == 0)
            #expect(try await stage.condition("Ready") == nil)
        }
    }
}
