import FoundationEssentials
import Postgres

/// One row of `converged.machines` with its user and profile, and the database time of the read.
struct MachineRow: Sendable {
    var desired: DesiredMachine
    var memory: MachineMemory
    var now: Date

    /// Nil when there is no such row.
    static func read(_ id: UUID, from database: Database) async throws -> MachineRow? {
        let rows = try await database.query(SQL(statement, bind: [id.postgresCell]))
        guard let row = rows.first else { return nil }
        var fields = RowFields(row)
        return try MachineRow(&fields, id)
    }

    private init(_ fields: inout RowFields, _ id: UUID) throws {
        now = try fields.next()
        desired = DesiredMachine(
            id: id, userID: try fields.next(), generation: try fields.next(), profileName: try fields.next(),
            runs: try fields.next(), isDeleting: try fields.next(), region: try fields.next(),
            image: try fields.next() ?? "", cpuKind: try fields.next() ?? "", cpus: try fields.next() ?? 0,
            memoryMB: try fields.next() ?? 0, volumeGB: try fields.next() ?? 0,
            environment: try Self.environment(try fields.next()), config: try fields.next() ?? "{}",
            inbox: try fields.next(), restartRequestedAt: try fields.next(), appIsProven: try fields.next(),
            hasSiblings: try fields.next(), isFleetFrozen: try fields.next(), areRepairsHalted: try fields.next())
        memory = try MachineMemory(&fields)
        desired.profile = try MachineProfile(&fields)
    }

    private static func environment(_ json: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
    }

    /// One statement: everything is of one moment, and the text never changes, so it is prepared once.
    private static let statement = """
        select converged.now(), m.user_id, m.generation, m.profile, m.desired_state = 'running',
            m.deleted_at is not null, m.region, coalesce(m.image, p.image), coalesce(m.cpu_kind, p.cpu_kind),
            coalesce(m.cpus, p.cpus), coalesce(m.memory_mb, p.memory_mb), coalesce(m.volume_gb, p.volume_gb),
            (select coalesce(jsonb_object_agg(e.key, coalesce(e.value, '')), '{}')
             from jsonb_each_text(converged.merge(coalesce(p.env, '{}'), m.env)) e)::text,
            converged.merge(coalesce(p.config, '{}'), m.config)::text, m.agentmail_inbox_id, m.restart_requested_at,
            exists (select from converged.machines s where s.fly_app = names.app and s.id <> m.id and s.app_ready),
            exists (select from converged.machines s
                    where s.fly_app = names.app and s.id <> m.id and s.fly_volume_id is not null),
            exists (select from converged.conditions c where c.kind = 'fleet' and c.key = 'fly'
                    and c.type = 'Surveyed' and c.status = 'False' and c.reason = 'PopulationDropped'),
            exists (select from converged.conditions c where c.kind = 'fleet' and c.key = 'fly'
                    and c.type = 'Repairs' and c.status = 'False'),
            \(MachineMemory.columns.map { "m.\($0)" }.joined(separator: ", ")),
            p.generation, p.app_mode, names.app, replace(p.machine_name, '{short_id}', u.short_id),
            replace(p.network, '{short_id}', u.short_id), p.addresses, p.regions,
            replace(p.volume_name, '{short_id}', u.short_id), p.volume_path, p.volume_encrypted, p.internal_port,
            p.handlers, p.check_path, p.check_grace_s, p.restart_policy, p.token_env, p.user_env, p.config_env,
            replace(p.gateway_url, '{short_id}', u.short_id)
        from converged.machines m
            join converged.users u on u.id = m.user_id
            left join converged.machine_profiles p on p.name = m.profile
            cross join lateral (select replace(p.app_name, '{short_id}', u.short_id) as app) names
        where m.id = $1
        """
}

extension MachineProfile {
    /// Nil when the join found none.
    init?(_ fields: inout RowFields) throws {
        guard let generation: Int64 = try fields.next() else { return nil }
        let mode: String = try fields.next()
        self.init(
            generation: generation, appMode: AppMode(rawValue: mode) ?? .shared, app: try fields.next(),
            machineName: try fields.next(), network: try fields.next(), addresses: try fields.next(),
            regions: try fields.next(), volumeName: try fields.next(), volumePath: try fields.next(),
            volumeEncrypted: try fields.next(), internalPort: try fields.next(), handlers: try fields.next(),
            checkPath: try fields.next(), checkGraceSeconds: try fields.next(), restartPolicy: try fields.next(),
            tokenNames: try fields.next(), userName: try fields.next(), configName: try fields.next(),
            gatewayURL: try fields.next())
    }
}
