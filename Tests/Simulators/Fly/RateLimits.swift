/// A token bucket with what is left in it.
struct Bucket: Sendable {
    let limit: FlySimulator.Limit
    private var left: Double
    private var filledAt: Duration

    init(_ limit: FlySimulator.Limit, at time: Duration) {
        self.limit = limit
        left = limit.burst
        filledAt = time
    }

    /// Takes one; otherwise how long until there is one.
    mutating func take(at time: Duration) -> Duration? {
        left = min(limit.burst, left + (time - filledAt).seconds * limit.ratePerSecond)
        filledAt = time
        guard left < 1 else {
            left -= 1
            return nil
        }
        return .milliseconds(Int(((1 - left) / limit.ratePerSecond * 1000).rounded(.up)))
    }

    func isFull(at time: Duration) -> Bool {
        left + (time - filledAt).seconds * limit.ratePerSecond >= limit.burst
    }
}

extension FlyWorld {
    /// Time to wait when a call exceeds a limit. A refused call takes nothing.
    mutating func overrun(_ request: FlyRequest) -> Duration? {
        guard let limits = options.limits else { return nil }
        let identifier = request.target.isEmpty || machines[request.target] == nil ? request.app : request.target
        var wanted = [(request.action + "/" + identifier + request.org, limits.perAction)]
        if request.action == "get-machine" { wanted[0].1 = limits.getMachine }
        if request.action == "delete-app" { wanted = [("delete-app", limits.appDeletions)] }
        // No app exists yet that a create could be counted for: its name is the identifier.
        if request.action == "create-app" {
            wanted[0].0 += request.body["app_name"]?.string ?? request.body["name"]?.string ?? ""
        }
        if let limit = limits.organisation { wanted.append(("organisation", limit)) }
        var taken = wanted.map { buckets[$0.0] ?? Bucket($0.1, at: now) }
        for index in taken.indices {
            if let wait = taken[index].take(at: now) { return wait }
        }
        for (index, bucket) in taken.enumerated() { buckets[wanted[index].0] = bucket }
        if buckets.count > 50_000 { buckets = buckets.filter { [now] in !$0.value.isFull(at: now) } }
        return nil
    }
}
