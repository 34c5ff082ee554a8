import HeapModule

/// A machine's next step, due at a time. Steps of an older epoch no longer count: something else happened since.
struct Transition: Comparable {
    var due: Duration
    var order: Int
    var machine: String
    var epoch: Int

    static func < (one: Transition, other: Transition) -> Bool {
        (one.due, one.order) < (other.due, other.order)
    }
}

/// A state that a machine takes by itself.
struct Step: Sendable {
    var due: Duration
    var state: FlyMachine.State
    var event: String
    var exit: FlyExit?
}

extension FlyWorld {
    /// Lets everything happen that is due until `time`, in its order.
    mutating func settle(to time: Duration) {
        while let next = transitions.min, next.due <= time {
            transitions.removeMin()
            now = max(now, next.due)
            guard let machine = machines[next.machine], machine.epoch == next.epoch,
                let step = machine.steps.first
            else { continue }
            take(step, of: next.machine)
        }
        now = max(now, time)
    }

    private mutating func take(_ step: Step, of id: String) {
        change(id) { machine, world in
            machine.steps.removeFirst()
            world.enter(step.state, &machine, event: step.event, source: "flyd", exit: step.exit)
        }
        schedule(id)
    }

    /// Puts the machine's first step into the order of time.
    mutating func schedule(_ id: String) {
        guard let machine = machines[id], let step = machine.steps.first else { return }
        transitionCount += 1
        transitions.insert(
            Transition(due: step.due, order: transitionCount, machine: id, epoch: machine.epoch))
    }

    /// Changes a machine: the only way, so that lists, history and waiters hear of it.
    mutating func change(_ id: String, _ body: (inout FlyMachine, inout FlyWorld) throws -> Void) rethrows {
        guard var machine = machines[id] else { return }
        try body(&machine, &self)
        machine.updatedAt = now
        machine.revision += 1
        publish(machine)
        wake(id)
    }

    mutating func publish(_ machine: FlyMachine) {
        machines[machine.id] = machine
        var history = past[machine.id] ?? []
        history.append(machine)
        past[machine.id] = history.suffix(6)
        machineFeed.publish(
            machine, id: machine.id, at: now, visibleAt: now + options.listLag,
            visibleAfter: orgLists + options.listLagCount)
    }

    mutating func publish(_ volume: FlyVolume) {
        volumes[volume.id] = volume
        volumeFeed.publish(
            volume, id: volume.id, at: now, visibleAt: now + options.listLag,
            visibleAfter: orgLists + options.listLagCount)
    }
}
