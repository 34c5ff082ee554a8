import FoundationEssentials
import Postgres
import Vendors

/// Desired, observed and plan of a run, for `converged why` and `converged plan`: names where values may be private.
struct ContainerTrace: Sendable {
    var view: ContainerView
    var actions: [String]
    var outcome: String

    private struct Desired: Encodable {
        var container: String
        var droplet: String
        var generation: Int64
        var state: String
        var image: String
        var environment: [String]
        var mounts: [String]
        var ports: [Int]
        var specHash: String
        var hold: String?
        var restartRequestedAt: Date?
    }

    private struct Observed: Encodable {
        var containers: [String]
        var foreign: [String]
        var image: String
        var probes: [String: String]
        var proven: String?
        var problem: String?
    }

    private var desired: Desired {
        let row = view.desired
        return Desired(
            container: row.name, droplet: row.droplet, generation: row.generation,
            state: row.isDeleting ? "deleted" : row.runs ? "running" : "stopped", image: row.shape.image,
            environment: row.shape.environment.keys.sorted(), mounts: row.shape.mounts.map(\.source),
            ports: row.shape.ports.map(\.host), specHash: row.specHash, hold: row.hold,
            restartRequestedAt: row.restartRequestedAt)
    }

    private var observed: Observed {
        let seen = view.observed
        return Observed(
            containers: seen.scene?.ours.map(Self.words) ?? ["not looked at"], foreign: seen.scene?.foreign ?? [],
            image: seen.hasImage.map { $0 ? "on the droplet" : "not on the droplet" } ?? "not looked at",
            probes: Dictionary(
                uniqueKeysWithValues: seen.probe.map { id, finding in
                    if case .bad(let why) = finding {
                        (String(id.prefix(12)), why)
                    } else {
                        (String(id.prefix(12)), "good")
                    }
                }),
            proven: view.memory.containerID.map { String($0.prefix(12)) },
            problem: seen.problem.map { "\($0.action.rawValue): \($0.text)" })
    }

    private static func words(_ container: ContainerSight) -> String {
        let drift = container.drift.map { ", changed: \($0)" } ?? ""
        return "\(container.name) \(container.shortID), \(container.state.rawValue), epoch \(container.epoch), "
            + "spec \(container.hash)\(drift)"
    }

    func write() throws -> SQL {
        Records.trace(
            kind: view.desired.kind, key: view.desired.key, desired: try JSONText.of(desired),
            observed: try JSONText.of(observed), plan: try JSONText.of(actions), outcome: outcome)
    }
}
