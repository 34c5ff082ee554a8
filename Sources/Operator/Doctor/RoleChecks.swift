import Postgres

extension DatabaseChecks {
    /// Which of the three roles the log-in has, and whether the columns it may touch are the ones that role should.
    func examineRoles() async throws -> Finding {
        let facts = try await verbs.ask(Self.roles)
        let missing = ["web", "daemon", "operator"].filter { facts[$0].isNull }
        guard missing.isEmpty else {
            let names = missing.map { "converged_\($0)" }.joined(separator: ", ")
            return .failed(
                "there is no role \(names)", advice: "run `converged migrate up` as a role that may create roles")
        }
        let login = facts["login"].line
        if facts["superuser"].bool {
            return .ok("\(login) is a superuser", advice: "give the daemon a log-in in converged_daemon instead")
        }
        if facts["owner"].bool {
            return .ok("\(login) owns the schema", advice: "use it for `converged migrate up` only")
        }
        let roles = ["daemon", "operator", "web"].filter { facts[$0].bool }
        guard let role = roles.first else {
            return .failed(
                "\(login) has none of our roles", advice: "grant converged_daemon (or converged_operator) to \(login)")
        }
        let wrong = Self.grants(of: Set(roles)).filter { facts["grants"][$0.key].bool != $0.value }.map(\.key).sorted()
        guard wrong.isEmpty else {
            return .failed(
                "\(login) in converged_\(role): not as granted by the migrations: \(wrong.joined(separator: ", "))",
                advice: "compare with sql/0005_grants.sql")
        }
        return .ok("\(login) in " + roles.map { "converged_\($0)" }.joined(separator: ", "))
    }

    /// Samples of what belongs to the roles; a right more than these is as wrong as one less.
    private static func grants(of roles: Set<String>) -> [String: Bool] {
        [
            "write_status": roles.contains("daemon"),
            "read_token": roles.contains("daemon"),
            "write_desired": roles.contains("operator") || roles.contains("web"),
            "wake": roles.contains("daemon") || roles.contains("operator"),
        ]
    }

    private static let roles: SQL = """
        select json_build_object(
            'login', current_user,
            'superuser', (select rolsuper from pg_roles where rolname = current_user),
            'owner', (select pg_has_role(nspowner, 'member') from pg_namespace where nspname = 'converged'),
            'web', (select pg_has_role(oid, 'member') from pg_roles where rolname = 'converged_web'),
            'daemon', (select pg_has_role(oid, 'member') from pg_roles where rolname = 'converged_daemon'),
            'operator', (select pg_has_role(oid, 'member') from pg_roles where rolname = 'converged_operator'),
            'grants', json_build_object(
                'write_status', has_column_privilege('converged.machines', 'status', 'update'),
                'read_token', has_column_privilege('converged.machines', 'gateway_token', 'select'),
                'write_desired', has_column_privilege('converged.machines', 'desired_state', 'update'),
                'wake', has_function_privilege('converged.wake(text, text, boolean)', 'execute'))
        )::text
        """
}
