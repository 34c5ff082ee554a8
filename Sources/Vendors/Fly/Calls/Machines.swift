extension FlyClient {
    /// Every machine of the app; may lag behind. One big answer for an app of many: ask by metadata where possible.
    public func listMachines(app: String) async throws -> [FlyMachine] {
        try await read(listCall(app: app, region: nil))
    }

    /// Machines of the app with this metadata value: finds what a lost create made.
    public func listMachines(app: String, metadata: (key: String, value: String)) async throws -> [FlyMachine] {
        var call = listCall(app: app, region: nil)
        call.query.append(("metadata.\(metadata.key)", metadata.value))
        return try await read(call)
    }

    /// `notFound` is the proof of absence that design law 2 asks for, and so is a machine that `isGone`.
    public func getMachine(app: String, id: String) async throws -> FlyMachine {
        try await read(
            FlyCall(action: .getMachine, target: id, method: "GET", path: ["apps", app, "machines", id]))
    }

    /// `nameTaken` carries the id to adopt. `outcomeUnknown`: look for the name before repeating.
    public func createMachine(app: String, _ request: FlyMachineRequest) async throws -> FlyMachine {
        try await read(
            FlyCall(
                action: .createMachine, target: app, method: "POST", path: ["apps", app, "machines"],
                body: try encoded(request), patienceSeconds: 30))
    }

    /// A machine that was not started stays stopped under the new version.
    public func updateMachine(
        app: String, id: String, _ update: FlyMachineUpdate, leaseNonce: String? = nil
    ) async throws -> FlyMachine {
        try await read(
            FlyCall(
                action: .updateMachine, target: id, method: "POST", path: ["apps", app, "machines", id],
                body: try encoded(update), leaseNonce: leaseNonce, patienceSeconds: 30))
    }

    /// `wrongState` while it is being replaced.
    public func startMachine(app: String, id: String, leaseNonce: String? = nil) async throws {
        try await act(.startMachine, app, id, "start", leaseNonce: leaseNonce)
    }

    /// - Parameter timeoutSeconds: between the signal and the kill; nil: the config's.
    public func stopMachine(
        app: String, id: String, timeoutSeconds: Int? = nil, leaseNonce: String? = nil
    ) async throws {
        struct Body: Encodable { var timeout: String? }
        let body = Body(timeout: timeoutSeconds.map { FlyDuration.seconds($0).text })
        try await act(.stopMachine, app, id, "stop", body: try encoded(body), leaseNonce: leaseNonce)
    }

    public func restartMachine(
        app: String, id: String, timeoutSeconds: Int? = nil, leaseNonce: String? = nil
    ) async throws {
        let query = timeoutSeconds.map { [("timeout", FlyDuration.seconds($0).text)] } ?? []
        try await act(
            .restartMachine, app, id, "restart", query: query, leaseNonce: leaseNonce,
            patienceSeconds: timeoutSeconds ?? 0)
    }

    /// Stops it when it runs. Gone already is success.
    public func deleteMachine(app: String, id: String, leaseNonce: String? = nil) async throws {
        try await perform(
            FlyCall(
                action: .deleteMachine, target: id, method: "DELETE", path: ["apps", app, "machines", id],
                query: [("force", "true")], leaseNonce: leaseNonce))
    }

    /// Comes back when the machine is in that state, or throws `timedOutWaiting`.
    /// - Parameters:
    ///   - version: the `instance_id` that is meant; needed for `stopped`.
    ///   - timeoutSeconds: 1 to 60.
    @discardableResult
    public func waitMachine(
        app: String, id: String, state: FlyWaitState, version: String? = nil, timeoutSeconds: Int = 60
    ) async throws -> FlyWaitAnswer {
        let timeout = min(60, max(1, timeoutSeconds))
        var query = [("state", state.rawValue), ("timeout", String(timeout))]
        if let version { query.append(("version", version)) }
        return try await read(
            FlyCall(
                action: .waitMachine, target: id, method: "GET", path: ["apps", app, "machines", id, "wait"],
                query: query, patienceSeconds: timeout))
    }

    private func act(
        _ action: FlyAction, _ app: String, _ id: String, _ verb: String, query: [(String, String)] = [],
        body: [UInt8]? = nil, leaseNonce: String?, patienceSeconds: Int = 0
    ) async throws {
        try await perform(
            FlyCall(
                action: action, target: id, method: "POST", path: ["apps", app, "machines", id, verb], query: query,
                body: body, leaseNonce: leaseNonce, patienceSeconds: patienceSeconds))
    }

    func listCall(app: String, region: String?) -> FlyCall {
        FlyCall(
            action: .listMachines, target: app, method: "GET", path: ["apps", app, "machines"],
            query: region.map { [("region", $0)] } ?? [], maxResponseBytes: 64 << 20)
    }
}
