import Support
import Testing

@testable import Postgres

/// A seeded random walk through the pool's state machine with a world that follows its actions.
@Suite("The pool keeps its promises under any order of events")
struct PoolWalkTests {
    private struct World {
        var machine: PoolStateMachine
        var now = ContinuousClock.now
        var open: Set<Int> = []
        var connecting: Set<Int> = []
        var leased: [Int: Int] = [:]
        var waiting: [Int: ContinuousClock.Instant] = [:]
        var order: [Int] = []
        var drained = 0
        var nextWaiter = 0
        let limits: PoolStateMachine.Limits

        init(limits: PoolStateMachine.Limits) {
            self.limits = limits
            machine = PoolStateMachine(limits: limits)
        }

        mutating func perform(_ actions: [PoolStateMachine.Action]) {
            for action in actions {
                switch action {
                case .connect(let id):
                    #expect(connecting.insert(id).inserted && !machine.isClosed)
                case .give(let id, let waiter):
                    #expect(open.contains(id) && leased[id] == nil)
                    #expect(waiting.removeValue(forKey: waiter) != nil)
                    #expect(order.first == waiter, "first come, first served")
                    order.removeAll { $0 == waiter }
                    leased[id] = waiter
                case .refuse(let waiter, let refusal):
                    let deadline = waiting.removeValue(forKey: waiter)
                    if refusal == .waitedTooLong { #expect(deadline.map { $0 <= now } == true) }
                    order.removeAll { $0 == waiter }
                case .close(let id):
                    #expect(leased[id] == nil)
                    open.remove(id)
                case .drained:
                    #expect(leased.isEmpty && connecting.isEmpty && open.isEmpty)
                    drained += 1
                }
            }
        }

        func check() {
            #expect(machine.count <= limits.maxConnections)
            #expect(machine.idleCount == open.count - leased.count)
            #expect(machine.leasedCount == leased.count)
            // Those whose connection was found dead come back to the front, whatever the length.
            #expect(machine.waiterCount == waiting.count)
            #expect(machine.waiterCount <= limits.maxWaiters + limits.maxConnections)
            #expect(machine.idleCount == 0 || waiting.isEmpty, "nobody waits while a connection is idle")
            if !waiting.isEmpty, connecting.isEmpty, machine.count < limits.maxConnections {
                #expect(machine.nextTick != nil, "a waiter is never forgotten")
            }
        }
    }

    private func step(_ world: inout World, _ seed: inout Seed) {
        switch Int.random(in: 0..<12, using: &seed) {
        case 0...3:
            world.nextWaiter += 1
            let waiter = world.nextWaiter
            world.waiting[waiter] = world.now + world.limits.acquireTimeout
            world.order.append(waiter)
            world.perform(world.machine.request(waiter: waiter, now: world.now))
        case 4...6:
            guard let id = world.leased.keys.sorted().randomElement(using: &seed) else { return }
            world.leased[id] = nil
            let isReusable = Int.random(in: 0..<4, using: &seed) > 0
            world.perform(world.machine.release(id, isReusable: isReusable, now: world.now))
        case 7:
            // Found dead at the moment it was given: its waiter is the first in line again.
            guard let (id, waiter) = world.leased.sorted(by: { $0.key < $1.key }).randomElement(using: &seed)
            else { return }
            world.leased[id] = nil
            world.waiting[waiter] = world.now
            world.order.insert(waiter, at: 0)
            world.perform(world.machine.findDead(id, now: world.now))
        case 8...9:
            guard let id = world.connecting.sorted().randomElement(using: &seed) else { return }
            world.connecting.remove(id)
            if Int.random(in: 0..<3, using: &seed) == 0 {
                let jitter = Double.random(in: 0...1, using: &seed)
                world.perform(world.machine.failedToConnect(id, jitter: jitter, now: world.now))
            } else {
                world.open.insert(id)
                world.perform(world.machine.connected(id, now: world.now))
            }
        case 10:
            world.now += .milliseconds(Int.random(in: 0..<5_000, using: &seed))
            world.perform(world.machine.tick(now: world.now))
        default:
            guard let waiter = world.order.randomElement(using: &seed) else { return }
            world.waiting[waiter] = nil
            world.order.removeAll { $0 == waiter }
            world.machine.withdraw(waiter: waiter)
        }
    }

    @Test func randomWalk() {
        var seed = Seed()
        for _ in 0..<40 {
            var limits = PoolStateMachine.Limits()
            limits.maxConnections = Int.random(in: 1...6, using: &seed)
            limits.maxWaiters = Int.random(in: 1...12, using: &seed)
            limits.maxLifetime = .seconds(60)
            limits.idleTimeout = .seconds(20)
            var world = World(limits: limits)
            for _ in 0..<400 {
                step(&world, &seed)
                world.check()
            }
            world.perform(world.machine.close())
            #expect(world.waiting.isEmpty && world.machine.idleCount == 0)
            while !world.leased.isEmpty || !world.connecting.isEmpty {
                step(&world, &seed)
            }
            #expect(world.drained == 1)
        }
    }

    @Test func aDeadDatabaseIsAskedLessAndLess() {
        var machine = PoolStateMachine(limits: .init())
        var now = ContinuousClock.now
        var attempts = 0
        var actions = machine.request(waiter: 1, now: now)
        let end = now + .seconds(9)
        while now < end {
            for case .connect(let id) in actions {
                attempts += 1
                actions = machine.failedToConnect(id, jitter: 1, now: now)
            }
            guard let next = machine.nextTick else { break }
            #expect(next > now, "time moves on")
            now = next
            actions = machine.tick(now: now)
        }
        #expect((5...12).contains(attempts))
    }
}
