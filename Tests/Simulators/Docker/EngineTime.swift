import HeapModule

/// Something that happens by itself at a time.
struct Due: Comparable {
    enum What {
        case exit(container: String, epoch: Int, code: Int, isOOM: Bool)
        case health(container: String, epoch: Int, isHealthy: Bool)
        case restart(container: String, epoch: Int)
        /// The grace of a stop is over.
        case kill(container: String, epoch: Int)
        case removed(container: String)
        case execEnd(String)
        case pullEnd(String)
        case daemonUp
    }
    var time: Duration
    var order: Int
    var what: What

    static func < (one: Due, other: Due) -> Bool { (one.time, one.order) < (other.time, other.order) }
    static func == (one: Due, other: Due) -> Bool { one.order == other.order }
}

extension DockerWorld {
    mutating func plan(after delay: Duration, _ what: Due.What) {
        agendaCount += 1
        agenda.insert(Due(time: now + delay, order: agendaCount, what: what))
    }

    /// Lets everything happen that is due until `time`, in its order.
    mutating func settle(to time: Duration) {
        while let next = agenda.min, next.time <= time {
            agenda.removeMin()
            now = max(now, next.time)
            take(next.what)
        }
        now = max(now, time)
    }

    private mutating func take(_ what: Due.What) {
        switch what {
        case .exit(let id, let epoch, let code, let isOOM):
            if isCurrent(id, epoch) { end(id, code: code, isOOM: isOOM) }
        case .health(let id, let epoch, let isHealthy):
            if isCurrent(id, epoch) { report(id, isHealthy: isHealthy) }
        case .restart(let id, let epoch):
            guard containers[id]?.epoch == epoch, containers[id]?.state == .restarting else { return }
            if isDown { sleepers.append(id) } else { try? begin(id) }
        case .kill(let id, let epoch):
            if isCurrent(id, epoch) { signal(id, 9) }
        case .removed(let id): vanish(id)
        case .execEnd(let id): finish(exec: id)
        case .pullEnd(let id): finish(pull: id)
        case .daemonUp: comeUp()
        }
    }

    private func isCurrent(_ id: String, _ epoch: Int) -> Bool {
        containers[id]?.epoch == epoch && containers[id]?.state == .running
    }

    /// All streams break, and every call is refused until the time has passed. Containers live on (live restore) or
    /// are stopped and come back by their restart policies.
    mutating func goDown(for time: Duration, keepsContainers: Bool) {
        boot += 1
        isDown = true
        for exec in execOrder where execs[exec]?.isRunning ?? false { stop(exec: exec, code: 137) }
        if !keepsContainers {
            for id in containers.values.filter(\.isRunning).sorted(by: { $0.order < $1.order }).map(\.id) {
                if containers[id]?.state == .restarting {
                    sleepers.append(id)
                    continue
                }
                let returns = ["always", "unless-stopped"].contains(containers[id]?.policy ?? "no")
                let ignores = containers[id]?.behaviour.ignoresTerm ?? false
                let code = ignores ? 137 : containers[id]?.behaviour.termCode ?? 0
                change(id) { $0.isStopping = true }
                end(id, code: code, isOOM: false)
                if returns { sleepers.append(id) }
            }
        }
        events = []
        for pull in Array(pulls.keys) { pulls[pull] = nil }
        touchAll()
        plan(after: time, .daemonUp)
    }

    private mutating func comeUp() {
        isDown = false
        let waking = sleepers
        sleepers = []
        for id in waking where containers[id] != nil { try? begin(id) }
    }
}
