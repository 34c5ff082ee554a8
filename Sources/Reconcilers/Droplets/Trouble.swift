import Vendors

/// What events tell of containers' ends. Pure; time is given. A process forgets it when it ends: the list still shows
/// what state each container is in.
struct Trouble: Sendable {
    /// `pa/<id>` or `service/<id>`.
    typealias Owner = String

    let loopDeaths: Int
    let window: Duration
    let since: ContinuousClock.Instant
    /// Containers that were sent a signal: the end that follows was asked for.
    private var killed: Set<String> = []
    private var deaths: [Owner: [ContinuousClock.Instant]] = [:]
    private var outOfMemory: [Owner: ContinuousClock.Instant] = [:]
    /// Something happened to them that their own job should look at.
    private(set) var touched: Set<Owner> = []

    init(_ settings: DropletSettings, now: ContinuousClock.Instant) {
        loopDeaths = settings.loopDeaths
        window = settings.loopWindow
        since = now
    }

    /// Bounds on what a host that goes mad can make us remember.
    private static let mostRemembered = 4096

    /// True when the survey should look.
    mutating func note(_ event: DockerEvent, now: ContinuousClock.Instant) -> Bool {
        guard event.type == "container", let owner = event.attributes[Marks.owner] else { return false }
        if event.action == "kill" {
            if killed.count < Self.mostRemembered { killed.insert(event.objectID) }
            return false
        }
        switch event.action {
        case "die":
            // Stopped by somebody, or by us in the middle of a swap: the list tells whether that is as it should be.
            if killed.remove(event.objectID) == nil {
                deaths[owner, default: []].append(now)
                touched.insert(owner)
            }
        case "oom":
            outOfMemory[owner] = now
            touched.insert(owner)
        case "health_status: unhealthy", "destroy", "rename", "pause": touched.insert(owner)
        default: return false
        }
        return true
    }

    /// Owners whose jobs should look, each named once.
    mutating func takeTouched() -> Set<Owner> {
        defer { touched = [] }
        return touched
    }

    struct Verdict: Sendable, Equatable {
        var looping: [Owner: Int] = [:]
        var outOfMemory: Set<Owner> = []
        /// It has been watched for the whole window, so that silence means something.
        var isComplete = false
    }

    mutating func judge(now: ContinuousClock.Instant) -> Verdict {
        for (owner, times) in deaths {
            let recent = times.filter { now - $0 < window }.suffix(loopDeaths * 4)
            deaths[owner] = recent.isEmpty ? nil : Array(recent)
        }
        outOfMemory = outOfMemory.filter { now - $0.value < window }
        return Verdict(
            looping: deaths.mapValues(\.count).filter { $0.value >= loopDeaths },
            outOfMemory: Set(outOfMemory.keys), isComplete: now - since >= window)
    }
}
