extension FlyWorld {
    /// The lease that counts now.
    func lease(of machine: FlyMachine) -> FlyLease? { machine.lease.flatMap { $0.expiresAt > now ? $0 : nil } }

    /// Mutations of a leased machine need its nonce.
    mutating func requireNonce(_ request: FlyRequest, _ machine: FlyMachine) throws {
        guard let lease = lease(of: machine), lease.nonce != request.nonce else { return }
        if lease.isOurs, request.nonce == nil {
            violate(.missingNonce, "\(request.action) of \(machine.id) without the nonce of its lease")
        }
        throw held(lease, machine)
    }

    private func held(_ lease: FlyLease, _ machine: FlyMachine) -> Refusal {
        .leased(machine.id, owner: lease.owner, until: text(lease.expiresAt))
    }

    /// `lease_ttl` of a create or update: the answer then carries the nonce.
    mutating func leaseOnRequest(_ request: FlyRequest, _ machine: inout FlyMachine) -> String? {
        guard let ttl = request.body["lease_ttl"]?.int, ttl > 0 else { return nil }
        let lease = newLease(machine, ttl: ttl, description: "")
        machine.lease = lease
        return lease.nonce
    }

    private mutating func newLease(_ machine: FlyMachine, ttl: Int, description: String) -> FlyLease {
        FlyLease(
            nonce: randomness.hex(12), expiresAt: now + .seconds(ttl), owner: "daemon@example.com",
            description: description, version: ulid())
    }

    mutating func takeLease(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machine(request)
        guard machine.isLive else { throw Refusal.noMachine }
        let ttl = request.body["ttl"]?.int ?? request.query["ttl"].flatMap { Int($0) } ?? 30
        guard ttl > 0 else { throw Refusal.invalid("ttl must be positive") }
        var taken: FlyLease
        if var lease = lease(of: machine) {
            guard lease.nonce == request.nonce else { throw held(lease, machine) }
            lease.expiresAt = now + .seconds(ttl)
            taken = lease
        } else {
            taken = newLease(machine, ttl: ttl, description: request.body["description"]?.string ?? "")
        }
        if let description = request.body["description"]?.string { taken.description = description }
        machines[machine.id]?.lease = taken
        return .json(201, leaseText(taken, showsNonce: true))
    }

    /// Shows who holds it; the nonce stays with the holder.
    func getLease(_ request: FlyRequest) throws -> FlyReply {
        guard let lease = lease(of: try machine(request)) else { throw Refusal.noLease }
        return .json(200, leaseText(lease, showsNonce: request.nonce == lease.nonce))
    }

    mutating func releaseLease(_ request: FlyRequest) throws -> FlyReply {
        let machine = try machine(request)
        guard let lease = lease(of: machine) else { throw Refusal.noLease }
        guard lease.nonce == request.nonce else { throw held(lease, machine) }
        machines[machine.id]?.lease = nil
        return .json(200, "{\"status\":\"success\",\"data\":{\"ok\":true}}")
    }

    private func leaseText(_ lease: FlyLease, showsNonce: Bool) -> String {
        let data: JSON = [
            "nonce": .string(showsNonce ? lease.nonce : ""),
            "expires_at": .int(unixMilliseconds(lease.expiresAt) / 1000),
            "owner": .string(lease.owner), "description": .string(lease.description),
            "version": .string(lease.version),
        ]
        return "{\"status\":\"success\",\"data\":\(data)}"
    }
}
