import Postgres

/// What is to be rolled out, to whom, and how carefully.
public struct RolloutWish: Sendable {
    public var image: String
    public var team: String?
    public var droplet: String?
    public var maxUnavailable = 1
    public var canaries = 1
    public var soakSeconds = 60
    public var failureBudget = 0
    public var readyWithinSeconds = 3600
    /// Takes the place of halted ones that have the same PAs.
    public var replaces = false

    public init(image: String) { self.image = image }
}

extension Verbs {
    /// Gives the PAs a new image, canaries first; a daemon does it, this returns at once.
    public func startRollout(_ wish: RolloutWish) async throws -> Exit {
        if let team = wish.team { try await assertTeam(team) }
        if let droplet = wish.droplet { try await assertDroplets([droplet]) }
        let id: Int64 = try await database.query(
            """
            select converged.start_rollout(\(wish.image), \(wish.team), \(wish.droplet), \(wish.maxUnavailable)::integer,
                \(wish.canaries)::integer, \(wish.soakSeconds)::integer, \(wish.failureBudget)::integer,
                \(wish.readyWithinSeconds)::integer, \(wish.replaces))
            """
        ).scalar()
        let batches = try await list(Self.batches(id))
        let members = batches.reduce(0) { $0 + ($1["members"].integer ?? 0) }
        let isServed = try await hasLiveWorker(for: "rollout")
        try console.answer(
            .object(["id": .integer(id), "members": .integer(members), "batches": .integer(Int64(batches.count))])
        ) {
            console.print(
                "started rollout \(id): \(members) PAs in \(batches.count) batches; `converged rollout status \(id)` follows it"
            )
            if !isServed { console.print("no live daemon runs rollouts: it begins when one is there") }
        }
        return .ok
    }

    public func haltRollout(_ name: String, reason: String) async throws -> Exit {
        try await change("select converged.halt_rollout(\(try Self.number(name)), \(reason))")
    }

    public func resumeRollout(_ name: String, reason: String) async throws -> Exit {
        try await change("select converged.resume_rollout(\(try Self.number(name)), \(reason))")
    }

    public func revertRollout(_ name: String, reason: String) async throws -> Exit {
        try await change("select converged.revert_rollout(\(try Self.number(name)), \(reason))")
    }

    /// `3` or `rollout/3`.
    static func number(_ name: String) throws(VerbError) -> Int64 {
        let bare = name.hasPrefix("rollout/") ? String(name.dropFirst("rollout/".count)) : name
        guard let id = Int64(bare) else {
            throw VerbError(
                .unknown, "'\(name)' is no rollout; they have numbers, `converged rollout status` lists them")
        }
        return id
    }

    /// A line a batch: who is how far.
    static func batches(_ id: Int64) -> SQL {
        """
        select batch, case batch when 0 then 'canary' else 'batch ' || batch end as name, count(*) as members,
            case when bool_and(state in ('done', 'reverted', 'skipped')) then 'over'
                when bool_and(state = 'waiting') then 'waiting'
                when bool_or(state in ('waiting', 'updating', 'soaking')) then 'under way' else 'over, with failures' end as stands,
            count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'updating') as updating,
            count(*) filter (where state = 'soaking') as soaking,
            count(*) filter (where state in ('done', 'reverted')) as arrived, count(*) filter (where state = 'failed') as failed,
            count(*) filter (where state = 'skipped') as skipped
        from converged.rollout_members where rollout = \(id) group by batch order by batch
        """
    }
}
