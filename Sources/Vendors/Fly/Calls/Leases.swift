import FoundationEssentials

extension FlyClient {
    /// `leaseHeld` when another owner has it. Ends by itself after `ttlSeconds`.
    public func acquireLease(
        app: String, machine: String, ttlSeconds: Int, description: String
    ) async throws -> FlyLease {
        struct Body: Encodable {
            var ttl: Int
            var description: String
        }
        var call = leaseCall(.acquireLease, "POST", app, machine)
        call.body = try encoded(Body(ttl: ttlSeconds, description: description))
        return try await lease(call, app: app, machine: machine, nonce: nil)
    }

    /// Holds it for another `ttlSeconds` from now.
    public func refreshLease(_ lease: FlyLease, ttlSeconds: Int) async throws -> FlyLease {
        struct Body: Encodable { var ttl: Int }
        var call = leaseCall(.acquireLease, "POST", lease.app, lease.machine)
        call.body = try encoded(Body(ttl: ttlSeconds))
        call.leaseNonce = lease.nonce
        return try await self.lease(call, app: lease.app, machine: lease.machine, nonce: lease.nonce)
    }

    /// Expired or gone already is success.
    public func releaseLease(_ lease: FlyLease) async throws {
        var call = leaseCall(.releaseLease, "DELETE", lease.app, lease.machine)
        call.leaseNonce = lease.nonce
        try await perform(call)
    }

    private func leaseCall(_ action: FlyAction, _ method: String, _ app: String, _ machine: String) -> FlyCall {
        FlyCall(action: action, target: machine, method: method, path: ["apps", app, "machines", machine, "lease"])
    }

    private func lease(_ call: FlyCall, app: String, machine: String, nonce: String?) async throws -> FlyLease {
        let fields = try await read(call, as: FlyLeaseAnswer.self).fields
        guard let nonce = fields.nonce ?? nonce else {
            throw FlyError(.outcomeUnknown, call.action, target: machine, message: "the lease came without a nonce")
        }
        return FlyLease(
            app: app, machine: machine, nonce: nonce,
            expiresAt: fields.expiresAt.map(Date.init(timeIntervalSince1970:)))
    }
}
