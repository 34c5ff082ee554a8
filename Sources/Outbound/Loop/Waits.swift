import DequeModule

/// Waiting for budgets and for a place on the wire. Nobody polls: the loop's next alarm is the next grant.
extension Engine {
    func takeBudgets(_ names: [BudgetName], until limit: Moment) async throws -> Wake {
        guard !names.isEmpty else { return .granted }
        guard waits.count < settings.maxWaiting else { return .full }
        let number = number()
        let now = Moment.now
        try budgets.enqueue(number, for: names, at: now)
        if grantBudgets(at: now, watching: number) { return .granted }
        return await wait(number, until: limit)
    }

    /// Every grant must be given back with `releasePlace`.
    func takePlace(until limit: Moment?) async -> Wake {
        if placesTaken < settings.maxInFlight, queue.isEmpty {
            placesTaken += 1
            return .granted
        }
        guard waits.count < settings.maxWaiting else { return .full }
        let number = number()
        queue.append(number)
        return await wait(number, until: limit ?? .now.advanced(by: .seconds(3600)))
    }

    func releasePlace() {
        if let next = queue.popFirst() { settle(next, .granted) } else { placesTaken -= 1 }
    }

    /// `true` when `watching`, which does not wait yet, is among those granted.
    @discardableResult
    func grantBudgets(at now: Moment, watching: UInt64 = 0) -> Bool {
        var isGranted = false
        for number in budgets.grants(at: now) {
            if number == watching { isGranted = true } else { settle(number, .granted) }
        }
        return isGranted
    }

    /// Takes a waiter out of whatever it stands in.
    func leave(_ number: UInt64, _ wake: Wake) {
        budgets.cancel(number)
        queue.removeAll { $0 == number }
        settle(number, wake)
    }

    private func settle(_ number: UInt64, _ wake: Wake) {
        alarms.clear(number)
        waits.removeValue(forKey: number)?.resume(returning: wake)
    }

    private func wait(_ number: UInt64, until limit: Moment) async -> Wake {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waits[number] = continuation
                alarms.set(number, at: limit)
                // Cancelled before: the handler's hop found nothing to cancel, or will come and find nothing.
                if Task.isCancelled { leave(number, .cancelled) }
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
    }
}
