import Postgres

/// Which droplets a process serves. Pure.
public struct Serving: Sendable, Equatable {
    public struct Refusal: Sendable, Equatable {
        public var name: String
        public var why: String

        /// For its row, if there is one, unless some daemon serves it all the same.
        public var condition: SQL {
            """
            insert into converged.conditions as c (kind, key, type, status, reason, message, generation, since)
            select 'droplet', d.name, 'Ready', 'False', \(Reason.notServed.rawValue), \(why), d.generation, converged.now()
            from converged.droplets d
            where d.name = \(name) and not exists (
                select from converged.workers w
                where converged.kind_at('survey', d.name) = any (w.kinds) and w.seen_at > converged.now() - interval '30 seconds')
            on conflict (kind, key, type) do update set status = excluded.status, reason = excluded.reason,
                message = excluded.message, generation = excluded.generation, since = excluded.since
            where (c.status, c.reason, c.message) is distinct from (excluded.status, excluded.reason, excluded.message)
            """
        }
    }

    public var served: [DropletRow] = []
    /// Named, and not served all the same.
    public var refused: [Refusal] = []

    /// Beside a socket the droplet has to be named, so that no daemon ever takes its own host's Docker for another's.
    /// With names, those; without, every droplet that is reached over the network, if there is an identity to show.
    ///
    /// - Parameters:
    ///   - named: the setting; nil: not set.
    ///   - host: what `droplets.served_by` calls this host.
    public static func decide(
        _ rows: [DropletRow], named: [String]?, host: String, hasIdentity: Bool
    ) -> Serving {
        var serving = Serving()
        guard let named else {
            serving.served = rows.filter { row in
                hasIdentity && row.isRemote && (row.servedBy ?? host) == host
            }
            return serving
        }
        for name in named {
            guard let row = rows.first(where: { $0.name == name }) else {
                serving.refused.append(Refusal(name: name, why: "there is no such droplet"))
                continue
            }
            if let why = refusal(of: row, host: host, hasIdentity: hasIdentity) {
                serving.refused.append(Refusal(name: name, why: why))
            } else {
                serving.served.append(row)
            }
        }
        return serving
    }

    private static func refusal(of row: DropletRow, host: String, hasIdentity: Bool) -> String? {
        if let other = row.servedBy, other != host { return "it is served by \(other), and this host is \(host)" }
        guard row.door != nil else { return "'\(row.endpoint)' is no place to find Docker at" }
        if !row.isRemote || hasIdentity { return nil }
        return "its Docker wants a certificate, and this daemon has no credential docker-cert"
    }
}
