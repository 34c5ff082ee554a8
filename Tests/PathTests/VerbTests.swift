import Foundation
import Postgres
import Simulators
import Support
import Testing

/// The operator's verbs beside a daemon that works.
@Suite struct VerbTests {
    /// Answers for people are text, answers for programs one JSON document; both end with the same code.
    private func ask(
        _ platform: Platform, _ arguments: [String], ends status: Int32 = 0,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> (text: String, document: Any) {
        let people = try await platform.converged(arguments)
        let programs = try await platform.converged(arguments + ["--output", "json"])
        for said in [people, programs] {
            #expect(said.status == status, "\(arguments): \(said.output)\(said.errors)", sourceLocation: sourceLocation)
            #expect(said.errors == "", sourceLocation: sourceLocation)
        }
        #expect(!people.output.isEmpty, sourceLocation: sourceLocation)
        let document = try JSONSerialization.jsonObject(with: Data(programs.output.utf8), options: .fragmentsAllowed)
        return (people.output, document)
    }

    @Test func aHealthyFleetIsSaidToBeHealthy() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistants = try await platform.signUp(3)
            try await platform.awaitSettled(assistants)
            try await platform.awaitSurveys(1)

            let status = try await ask(platform, ["status"])
            let facts = try #require(status.document as? [String: Any])
            #expect(facts["healthy"] as? Bool == true)
            #expect(status.text.contains("healthy"))
            #expect((facts["survey"] as? [String: Any])?["seconds_ago"] as? Int != nil, "\(facts["survey"] ?? "")")
            let machines = try await ask(platform, ["get", "machines"])
            #expect((machines.document as? [Any])?.count == 3)
            for kind in ["users", "profiles", "conditions", "events", "workers", "jobs", "orphans"] {
                #expect(try await ask(platform, ["get", kind]).document is [Any], "\(kind)")
            }
            #expect(try await ask(platform, ["jobs", "list"]).document is [Any])
            #expect(
                (try await ask(platform, ["jobs", "list", "--state", "finished"]).document as? [Any])?.isEmpty == false)
            let version = try await ask(platform, ["version"])
            #expect(version.text.contains("libpq"))
        }
    }

    @Test func oneObjectIsExplainedPlannedAndReconciled() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            let key = "machine/\(assistant.shortID)"

            let why = try #require(try await ask(platform, ["why", key]).document as? [String: Any])
            #expect((why["conditions"] as? [Any])?.isEmpty == false)
            #expect(why["waits_for"] is String)
            platform.fly.clearLedger()
            let plan = try #require(try await ask(platform, ["plan", key]).document as? [String: Any])
            #expect(plan["fresh"] as? Bool == true)
            #expect((plan["plan"] as? [Any])?.isEmpty == true)
            #expect(platform.mutations.map(\.description) == [])
            let again = try await ask(platform, ["reconcile", key, "--now", "--wait"])
            #expect((again.document as? [String: Any])?["outcome"] as? String == "settled")
            #expect(platform.mutations.map(\.description) == [])

            let survey = try await ask(platform, ["reconcile", "survey/fly", "--now", "--wait"])
            #expect((survey.document as? [String: Any])?["outcome"] as? String == "settled")
        }
    }

    /// A plan tells what would be done while nothing is done.
    @Test func aPausedMachineIsPlannedAndLeftAlone() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp()[0]
            try await platform.awaitSettled(assistant)
            let key = "machine/\(assistant.key)"
            _ = try await ask(platform, ["pause", key, "--reason", "volume under repair"])
            platform.fly.clearLedger()
            try await platform.change(assistant, "image = 'ghcr.io/openclaw/openclaw:2026.3.1'")
            let plan = try #require(try await ask(platform, ["plan", key]).document as? [String: Any])
            let actions = (plan["plan"] as? [Any] ?? []).map { "\($0)" }.joined(separator: "\n")
            #expect(actions.contains("update"), "\(plan)")
            let waits = try await ask(platform, ["reconcile", key, "--now", "--wait"], ends: 2)
            #expect(waits.text.contains("volume under repair"))
            #expect(try await ask(platform, ["why", key]).text.contains("volume under repair"))
            #expect(platform.mutations.map(\.description) == [])

            let resumed = try await platform.converged(["resume", key])
            #expect(resumed.status == 0)
            try await platform.awaitSettled(assistant)
            #expect(try platform.machine(assistant).image == "ghcr.io/openclaw/openclaw:2026.3.1")
        }
    }

    @Test func whatNeedsAPersonIsSaid() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            let assistant = try await platform.signUp(1, ["image": "'not an image!'"])[0]
            try await platform.awaitReason("InvalidImage", of: assistant)
            let status = try await ask(platform, ["status"], ends: 1)
            #expect(status.text.contains("blocked"))
            let why = try await ask(platform, ["why", "machine/\(assistant.key)"])
            #expect(why.text.contains("InvalidImage"))
            #expect(why.text.contains("runbooks/InvalidImage.md"))
            let wait = try await ask(platform, ["reconcile", "machine/\(assistant.key)", "--now", "--wait"], ends: 2)
            #expect(wait.text.contains("InvalidImage"))
        }
    }

    @Test func theDoctorFindsNothing() async throws {
        try await Platform.run { platform in
            try await platform.startDaemon()
            for role in ["converged_operator", "converged_daemon"] {
                let people = try await platform.converged(["doctor"], role: role)
                let programs = try await platform.converged(["doctor", "-o", "json"], role: role)
                #expect(people.status == 0, "\(people.output)")
                #expect(!people.output.contains("failed"))
                let rows = try JSONSerialization.jsonObject(with: Data(programs.output.utf8)) as? [[String: Any]]
                #expect(rows?.contains { $0["verdict"] as? String == "ok" } == true)
            }
            try platform.home.writeCredential("fly-token", "a-wrong-token")
            let sick = try await platform.converged(["doctor"])
            #expect(sick.status == 1)
            #expect(sick.output.contains("fly tokens create org"))
        }
    }
}
