import FoundationEssentials
import Postgres

/// Desired, observed and plan of a run, for `converged why` and `converged plan`. Holds names and digests where the
/// row holds values that may be private.
struct MachineTrace: Sendable {
    var view: MachineView
    var actions: [String]
    var outcome: String

    struct Desired: Encodable {
        var profile: String
        var generation: Int64
        var profileGeneration: Int64?
        var state: String
        var image: String
        var regions: [String]
        var guest: String
        var volumeGB: Int
        var environment: [String]
        var environmentDigest: String
        var specHash: String
        var restartRequestedAt: Date?
    }

    struct Observed: Encodable {
        var app: String
        var addresses: String
        var volume: String
        var machine: String
        var problem: String?
    }

    private var desired: Desired {
        let row = view.desired
        return Desired(
            profile: row.profileName, generation: row.generation, profileGeneration: row.profile?.generation,
            state: row.isDeleting ? "deleted" : row.runs ? "running" : "stopped", image: row.image,
            regions: row.regions, guest: "\(row.cpuKind)-\(row.cpus)x \(row.memoryMB) MB", volumeGB: row.volumeGB,
            environment: row.environment.keys.sorted(), environmentDigest: row.environmentDigest,
            specHash: row.specHash, restartRequestedAt: row.restartRequestedAt)
    }

    private var observed: Observed {
        let seen = view.observed
        return Observed(
            app: seen.app.words { $0.network.isEmpty ? "present" : "network \($0.network)" },
            addresses: seen.addresses.words { $0.sorted().joined(separator: ", ") },
            volume: seen.volume.words {
                "\($0.id), \($0.sizeGB) GB in \($0.region), \($0.attachedTo.map { "on \($0)" } ?? "free")"
            },
            machine: seen.machine.words {
                "\($0.id), \($0.state.rawValue), \($0.health.rawValue), version \($0.instanceID), hash \($0.hash ?? "none")"
            },
            problem: seen.problem.map { "\($0)" })
    }

    func write() throws -> SQL {
        Records.trace(
            kind: "machine", key: view.desired.ownerMark, desired: try JSONText.of(desired),
            observed: try JSONText.of(observed), plan: try JSONText.of(actions), outcome: outcome)
    }
}

extension Seen {
    fileprivate func words(_ describe: (Thing) -> String) -> String {
        switch self {
        case .unknown: "not looked at"
        case .absent: "absent"
        case .present(let thing): describe(thing)
        }
    }
}
