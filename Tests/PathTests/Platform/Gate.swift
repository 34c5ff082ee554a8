import Support

/// Holds calls at the vendor until the test lets them through, and tells when they are there.
actor Gate {
    private(set) var arrivals = 0
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        arrivals += 1
        if !isOpen { await withCheckedContinuation { waiting.append($0) } }
    }

    func open() {
        isOpen = true
        for call in waiting { call.resume() }
        waiting = []
    }

    /// When the test fails before, the gate must still be opened: the simulator waits for its calls at its stop.
    nonisolated func awaitArrivals(_ count: Int) async throws {
        do {
            try await eventually("\(count) calls are at the gate", within: .seconds(30)) { await arrivals >= count }
        } catch {
            await open()
            throw error
        }
    }
}
