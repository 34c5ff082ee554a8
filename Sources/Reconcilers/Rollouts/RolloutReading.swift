import FoundationEssentials
import Postgres

extension RolloutView {
    /// Two statements in one transaction: the rollout, and its members beside what their rows tell. Nil when there is none.
    static func read(_ id: Int64, from database: Database) async throws -> RolloutView? {
        let results = try await database.batch([rollout(id), members(id)])
        guard let row = results[0].first else { return nil }
        let (now, generation, image, isGoingBack, state, why) = try row.decode(
            (Date, Int64, String, Bool, String, String).self)
        var rollout = RolloutRow(id: id, generation: generation, image: image, isGoingBack: isGoingBack)
        rollout.state = RolloutRow.State(rawValue: state) ?? .done
        rollout.why = why
        rollout.maxUnavailable = Int(try row.decode(6, as: Int64.self))
        rollout.soakSeconds = Double(try row.decode(7, as: Int64.self))
        rollout.readyWithinSeconds = Double(try row.decode(8, as: Int64.self))
        rollout.failureBudget = Int(try row.decode(9, as: Int64.self))
        return RolloutView(rollout: rollout, members: try results[1].map(RolloutMember.init), now: now)
    }

    private static func rollout(_ id: Int64) -> SQL {
        """
        select converged.now(), generation, image, direction = 'back', state, why, max_unavailable::bigint, soak_s::bigint,
            ready_within_s::bigint, failure_budget::bigint
        from converged.rollouts where id = \(id)
        """
    }

    /// A pause of this one PA leaves it out; one of its kind or its droplet, or a droplet that nobody reaches, is waited for.
    private static func members(_ id: Int64) -> SQL {
        """
        select m.pa, m.name, m.droplet, m.from_image, m.batch::bigint, m.place::bigint, m.state, m.why, m.since, m.began_at,
            m.generation, m.was_ready, m.is_forgiven,
            p.image, p.deleted_at is not null, case when p.status = 'error' then p.observed_generation end,
            (select 'paused by ' || s.paused_by || coalesce(': ' || nullif(s.reason, ''), '') from converged.pauses s
             where s.kind = converged.kind_at('pa', m.droplet) and s.key = m.pa::text),
            coalesce(
                (select s.kind || ' is paused by ' || s.paused_by from converged.pauses s
                 where s.kind in ('pa', converged.kind_at('pa', m.droplet)) and s.key = '' order by s.kind limit 1),
                case when d.status = 'unreachable' then 'droplet ' || m.droplet || ' is unreachable' end),
            c.status, c.reason, c.message, c.generation, c.since
        from converged.rollout_members m
            left join converged.pas p on p.id = m.pa
            left join converged.droplets d on d.name = m.droplet
            left join converged.conditions c on c.kind = 'pa' and c.key = m.pa::text and c.type = 'Ready'
        where m.rollout = \(id) order by m.place, m.name
        """
    }
}

extension RolloutMember {
    fileprivate init(_ row: Row) throws {
        var fields = RowFields(row)
        self.init(
            pa: try fields.next(), name: try fields.next(), droplet: try fields.next(), fromImage: try fields.next(),
            batch: Int(try fields.next() as Int64), place: Int(try fields.next() as Int64),
            state: State(rawValue: try fields.next()) ?? .skipped, why: try fields.next(), since: try fields.next(),
            beganAt: try fields.next(), generation: try fields.next(), wasReady: try fields.next(),
            isForgiven: try fields.next(), sight: try PASight(&fields))
    }
}

extension PASight {
    /// Nil when the join found no row.
    fileprivate init?(_ fields: inout RowFields) throws {
        let image: String? = try fields.next()
        let isDeleting: Bool? = try fields.next()
        let errorGeneration: Int64? = try fields.next()
        let pausedBy: String? = try fields.next()
        let heldBecause: String? = try fields.next()
        let status: String? = try fields.next()
        let reason: String? = try fields.next()
        let message: String? = try fields.next()
        let generation: Int64? = try fields.next()
        let since: Date? = try fields.next()
        guard let image, let isDeleting else { return nil }
        self.init(
            image: image, isDeleting: isDeleting, errorGeneration: errorGeneration, pausedBy: pausedBy,
            heldBecause: heldBecause)
        if let status, let reason, let message, let generation, let since {
            ready = Ready(
                isTrue: status == "Unknown" ? nil : status == "True", reason: reason, message: message,
                generation: generation, since: since)
        }
    }
}
