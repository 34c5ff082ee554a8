import Logging
import Postgres
import Vendors

/// Follows a droplet's events for as long as it is served, instead of polling each container. It decides nothing: it wakes
/// the survey, and remembers for it what a list cannot show.
struct DropletWatcher: Sendable {
    let droplet: ServedDroplet
    let gate: EngineGate
    let trouble: TroubleBook
    let database: Database
    let logger: Logger
    /// Events that come within this time cost one survey.
    var debounce = Duration.milliseconds(250)
    /// After a failure that only a person can put right.
    var patience = Duration.seconds(60)

    private static let actions = ["die", "kill", "oom", "health_status", "destroy", "rename", "pause"]

    /// Until it is cancelled.
    func run() async {
        let (hints, hint) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask { await follow { hint.yield() } }
            group.addTask {
                for await _ in hints { await wake() }
            }
        }
    }

    private func follow(_ hint: () -> Void) async {
        let filter = DockerEventFilter(
            types: ["container"], labels: ["\(Marks.droplet)=\(droplet.name)"], actions: Self.actions)
        // Whoever stays away is told once: the survey has a pause of its own for that.
        var isLost = false
        while !Task.isCancelled {
            do {
                for try await notice in droplet.docker.events(filter) {
                    switch notice {
                    case .relist:
                        isLost = false
                        await gate.doubt()
                        hint()
                    case .lost:
                        if !isLost {
                            await gate.doubt()
                            hint()
                        }
                        isLost = true
                    case .event(let event): if trouble.note(event) { hint() }
                    }
                }
            } catch is CancellationError {
                return
            } catch {
                logger.warning("the events of droplet \(droplet.name) cannot be followed: \(error)")
                hint()
                try? await Task.sleep(for: patience)
            }
        }
    }

    private func wake() async {
        do {
            try await database.query("select converged.wake(\(droplet.kind("survey")), \(droplet.name), true)")
            try await Task.sleep(for: debounce)
        } catch {
            // The survey comes back by itself.
            logger.debug("droplet \(droplet.name): no wake: \(error)")
            try? await Task.sleep(for: .seconds(1))
        }
    }
}
