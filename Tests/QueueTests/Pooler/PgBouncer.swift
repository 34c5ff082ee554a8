import Foundation
import Logging
import Postgres
import Support

/// The real PgBouncer in transaction mode before a test's database. It has fewer sessions than its clients have connections.
struct PgBouncer: Sendable {
    static let sessions = 2
    let folder: String
    let process: ChildProcess
    let test: TestDatabase

    static func start(_ test: TestDatabase) async throws -> PgBouncer {
        let folder = try TemporaryFolder.make("pgbouncer")
        let roles = ["postgres", "converged_web", "converged_daemon", "converged_operator"]
        try roles.map { #""\#($0)" """# }.joined(separator: "\n")
            .write(toFile: folder + "/users", atomically: true, encoding: .utf8)
        try """
        [databases]
        \(test.name) = host=\(test.cluster.folder) port=\(test.cluster.port)
        [pgbouncer]
        listen_addr =
        listen_port = 6432
        unix_socket_dir = \(folder)
        auth_type = trust
        auth_file = \(folder)/users
        pool_mode = transaction
        default_pool_size = \(sessions)
        """.write(toFile: folder + "/pgbouncer.ini", atomically: true, encoding: .utf8)
        // It refuses to run as root.
        let user: String? = geteuid() == 0 ? "postgres" : nil
        if let user, let entry = getpwnam(user) {
            chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid)
            chmod(folder, 0o755)
        }
        let process = try await ChildProcess.start(
            ["/usr/sbin/pgbouncer", folder + "/pgbouncer.ini"], directory: folder, name: "pgbouncer", user: user)
        let bouncer = PgBouncer(folder: folder, process: process, test: test)
        try await eventually("pgbouncer listens") {
            guard process.isRunning else { throw Unexpected(description: process.log) }
            return FileManager.default.fileExists(atPath: folder + "/.s.PGSQL.6432")
        }
        return bouncer
    }

    func open(role: String) -> Database {
        var settings = DatabaseSettings(url: "postgresql:///\(test.name)?host=\(folder)&port=6432&user=\(role)")
        settings.prepared = false
        return Database(settings, logger: Logger(label: "test"))
    }

    func stop() async {
        process.kill(SIGTERM)
        process.kill(SIGKILL)
        await process.wait()
    }
}
