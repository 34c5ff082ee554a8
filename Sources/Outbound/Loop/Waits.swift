import DequeModule

/// Waiting for budgets and for a place on the wire. Nobody polls: the loop's next alarm is the next grant.
///
/// Everything is registered inside the continuation's closure, which runs without a gap: on the way to it the loop may
/// have turned, and what it saw before would be forgotten.
extension Engine {
    func takeBudgets(_ names: [BudgetName], until limit: Moment) async -> Wake {
        guard !names.isEmpty else { return .granted }
        let number = number()
        return await wait(number, until: limit) {
            let now = Moment.now
            do throws(BudgetTable.Refusal) {
                try budgets.enqueue(number, for: names, at: now)
            } catch {
                return settle(number, .refused(error.reason))
            }
            grantBudgets(at: now)
        }
    }

    /// Every grant must be given back with `releasePlace`.
    func takePlace(until limit: Moment?) async -> Wake {
        let number = number()
        return await wait(number, until: limit ?? .now.advanced(by: .seconds(3600))) {
            guard placesTaken < settings.maxInFlight, queue.isEmpty else { return queue.append(number) }
            placesTaken += 1
            settle(number, .granted)
        }
    }

    func releasePlace() {
        if let next = queue.popFirst() { settle(next, .granted) } else { placesTaken -= 1 }
    }

    func grantBudgets(at now: Moment) {
        for number in budgets.grants(at: now) { settle(number, .granted) }
    }

    /// Takes a waiter out of whatever it stands in.
    func leave(_ number: UInt64, _ wake: Wake) {
        budgets.cancel(number)
        let index = queue.position(of: number)
        if index < queue.count, queue[index] == number { queue.remove(at: index) }
        settle(number, wake)
    }

    private func settle(_ number: UInt64, _ wake: Wake) {
        alarms.clear(number)
        waits.removeValue(forKey: number)?.resume(returning: wake)
    }

    private func wait(_ number: UInt64, until limit: Moment, _ register: () -> Void) async -> Wake {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .cancelled) }
                if isClosed { return continuation.resume(returning: .closed) }
                guard waits.count < settings.maxWaiting else {
                    return continuation.resume(returning: .refused("\(settings.maxWaiting) calls wait already"))
                }
                waits[number] = continuation
                alarms.set(number, at: limit)
                register()
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
    }
}
