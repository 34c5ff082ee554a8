import FoundationEssentials

/// One of our containers as Docker shows it.
struct ContainerSight: Sendable, Equatable {
    enum State: String, Sendable, CaseIterable {
        case created, running, restarting, paused, exited, removing, dead, other
    }
    enum Health: String, Sendable { case none, starting, healthy, unhealthy }

    var id: String
    var name: String
    /// Label `converged.epoch`: the create that made it.
    var epoch: Int64
    /// Label `converged.spec`.
    var hash: String
    /// What differs from the specification that is wanted now; means something only where `hash` is the wanted one.
    var drift: String?
    /// It was made to make the data folder, and may do so again by itself: it must not stay.
    var makesFolders = false
    var state: State
    var health = Health.none
    var exitCode = 0
    var isOutOfMemory = false
    /// Docker's words when it could not be started.
    var error = ""
    /// By the droplet's clock; nil when never.
    var startedAt: Date?
    var restartCount = 0

    /// It has its port, or is about to take it.
    var holdsPort: Bool { [.running, .restarting, .paused].contains(state) }
    /// Docker starts it over and over.
    func isLooping(_ now: Date) -> Bool {
        if state == .restarting { return true }
        guard restartCount >= 3, state == .running, let startedAt else { return false }
        return now.timeIntervalSince(startedAt) < 10
    }
    var shortID: String { String(id.prefix(12)) }
    /// How it ended, in words.
    var ending: String {
        let memory = isOutOfMemory ? ", out of memory" : ""
        return error.isEmpty ? "exit code \(exitCode)\(memory)" : error
    }
}

/// All of ours, and which of our three names somebody else has.
struct ContainerScene: Sendable, Equatable {
    var ours: [ContainerSight]
    var foreign: [String] = []

    subscript(id: String) -> ContainerSight? {
        get { ours.first { $0.id == id } }
        set {
            ours.removeAll { $0.id == id }
            if let newValue { ours.append(newValue) }
        }
    }
}

/// What Docker showed during this run.
struct ObservedContainer: Sendable, Equatable {
    /// Nil: not looked at, or no longer to be believed.
    var scene: ContainerScene?
    /// On the host; nil: not looked at.
    var hasImage: Bool?
    /// Of the container by id.
    var probe: [String: Workload.Finding] = [:]
    var checklist: [String: Workload.Checklist] = [:]
    /// What is to be recorded before the former container takes over again.
    var failure: ContainerFailure?
    /// The call that failed and what follows from it; ends the run.
    var problem: ContainerProblem?
    /// The last change whose answer was lost.
    var lost: ContainerAction?
    /// Start of the container before a restart whose answer was lost.
    var startBeforeRestart: Date?
    /// Answers that did not fit what was seen: too many of them end the run.
    var surprises = 0
    var tried: Set<ContainerAttempt> = []
}

/// What a run does at most once, so that no run repeats itself.
enum ContainerAttempt: Sendable, Hashable {
    case prepare, intendCreate, create, pull, repair
    case start(String)
    case stop(String)
    case restart
    case unpause(String)
    case remove(String)
    case place(String)
    case restore(String)
    case files
    case filesSeen
    case logs, finalProbe
}

/// Why a new container does not take over.
struct ContainerFailure: Sendable, Equatable {
    var id: String
    var reason: Reason
    var why: String
}
