import Foundation
import Support

/// The acts on a droplet: assistants in containers, with a checklist that they are owed after each recreate.
struct DropletShow {
    let stage: Stage
    let assistants: Assistants

    struct Act {
        let title: String
        let seconds: Double
        /// Of checklists, carried out meanwhile.
        let steps: Int
        /// The longest that a gateway did not answer, in seconds; nil: none was there at the beginning.
        let silence: Double?
    }

    init(_ stage: Stage) {
        self.stage = stage
        assistants = Assistants(owner: stage.owner, web: stage.web)
    }

    func run() async throws -> [Act] {
        [
            try await act("three assistants on a droplet, each with its checklist", assistants.hire),
            try await act("a rollout of a new image, canary first", assistants.upgrade, until: assistants.isUpgraded),
            try await act("a container is removed behind the daemon's back", loseContainer, until: hasAll),
        ]
    }

    /// What stands on the droplet and should not, or does not and should.
    func leaks() async throws -> [String] {
        let wanted = Assistants.names.map { "pa-\($0) \(Engine.images.new) running" }
        let found = try await stage.engine.containers()
        return Set(found).symmetricDifference(wanted).sorted().map { "container \($0)" }
    }

    private func loseContainer() async throws { try await stage.engine.remove("pa-ben") }

    private func hasAll() async throws -> Bool { try await leaks().isEmpty }

    private func act(
        _ title: String, _ body: () async throws -> Void, until isDone: () async throws -> Bool = { true }
    ) async throws -> Act {
        print("\n\(title)")
        let start = ContinuousClock.now
        let since = Date()
        let watch = Silence(try await assistants.ports())
        try await body()
        LiveTable.printHeading(counting: "steps")
        var table = LiveTable()
        var steps = 0
        while true {
            guard stage.isDaemonRunning else { throw Mishap(description: "the daemon ended: \(stage.lastWords)") }
            // Asked first: what it brings about may not show yet in a picture that was taken before.
            let isOver = try await isDone()
            let picture = try await assistants.look()
            steps = try await assistants.steps(since: since)
            table.show(picture, calls: steps)
            if isOver, picture.settled == picture.total { break }
            if ContinuousClock.now - start > .seconds(120) {
                throw Mishap(description: "not settled after 120 s: \(picture.byStatus)\n\(stage.lastWords)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        table.end()
        return Act(
            title: title, seconds: (ContinuousClock.now - start) / .seconds(1), steps: steps,
            silence: await watch.end().max())
    }
}
