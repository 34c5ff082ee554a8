import Foundation
import Logging
import Postgres
import Schema

/// A throw-away PostgreSQL server on a unix socket in a temporary folder. One is shared by all tests of a process;
/// tests that restart or break it make their own.
public actor TestCluster {
    public enum Stop: Int32, Sendable {
        /// SIGINT: clients are cut, data is flushed.
        case fast = 2
        /// SIGQUIT: like a crash; recovery at the next start.
        case immediate = 3
    }

    /// Where libpq finds the socket (`host=`).
    public nonisolated let folder: String
    public nonisolated let port = 5432
    private let isDurable: Bool
    private var server: ChildProcess?
    private var template: Task<Void, any Error>?

    private static let sharedTask = Task { try await TestCluster.make() }

    public static func shared() async throws -> TestCluster { try await sharedTask.value }

    /// `durable` keeps fsync on, for benchmarks.
    public static func make(durable: Bool = false) async throws -> TestCluster {
        let cluster = TestCluster(folder: try TemporaryFolder.make("converged-pg"), isDurable: durable)
        try await cluster.create()
        try await cluster.start()
        return cluster
    }

    private init(folder: String, isDurable: Bool) {
        self.folder = folder
        self.isDurable = isDurable
    }

    /// A URI with the superuser `postgres`, or another role.
    public nonisolated func url(database: String = "postgres", user: String = "postgres") -> String {
        "postgresql:///\(database)?host=\(folder)&port=\(port)&user=\(user)"
    }

    public func restart(_ stop: Stop = .fast) async throws {
        await halt(stop)
        try await start()
    }

    public func halt(_ stop: Stop = .fast) async {
        server?.kill(stop.rawValue)
        await server?.wait()
        server = nil
    }

    public func start() async throws {
        server = try await ChildProcess.start(
            [Self.binaries + "/postgres", "-D", folder + "/data"], environment: ["LC_ALL": "C", "TZ": "UTC"],
            directory: folder, name: "postgres", user: Self.user, deathSignal: "QUIT")
        try await eventually("the test cluster accepts connections", within: .seconds(60)) {
            guard let server, server.isRunning else {
                throw ChildProcess.Failure(description: "the test cluster ended: \(server?.log ?? "")")
            }
            let check = try await ChildProcess.start(
                [Self.binaries + "/pg_isready", "-q", "-h", folder, "-p", "\(port)"], directory: folder)
            return await check.wait() == 0
        }
    }

    /// The database with all migrations that tests copy, made once.
    func migratedTemplate() async throws -> String {
        let name = "converged_template"
        if template == nil { template = Task { try await makeTemplate(name) } }
        try await template?.value
        return name
    }

    private func makeTemplate(_ name: String) async throws {
        let server = database("postgres")
        try await server.script("CREATE DATABASE \(name)")
        let fresh = database(name)
        _ = try await Migrator(fresh, files: Schema.files).up()
        await fresh.close()
        try await server.script(
            """
            DO $$ DECLARE name text; BEGIN
                FOR name IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'converged\\_%' LOOP
                    EXECUTE format('ALTER ROLE %I LOGIN', name);
                END LOOP;
            END $$
            """)
        await server.close()
    }

    nonisolated func database(_ name: String) -> Database {
        var settings = DatabaseSettings(url: url(database: name))
        settings.maxConnections = 1
        return Database(settings, logger: Logger(label: "test-cluster"))
    }

    // MARK: Making

    private static let binaries = "/usr/lib/postgresql/15/bin"
    /// Postgres refuses to run as root.
    private static let user: String? = geteuid() == 0 ? "postgres" : nil

    private func create() async throws {
        if let user = Self.user, let entry = getpwnam(user) {
            chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid)
            chmod(folder, 0o755)
        }
        let maker = try await ChildProcess.start(
            [
                Self.binaries + "/initdb", "-D", folder + "/data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                "--locale=C", "--no-sync",
            ], environment: ["LC_ALL": "C", "PATH": "/usr/bin:/bin"], directory: folder, name: "initdb",
            user: Self.user)
        guard await maker.wait() == 0 else { throw ChildProcess.Failure(description: "initdb failed: \(maker.log)") }
        let path = folder + "/data/postgresql.conf"
        let settings = try String(contentsOfFile: path, encoding: .utf8) + configuration
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try file.write(contentsOf: Data(settings.utf8))
        try file.close()
    }

    private var configuration: String {
        """

        listen_addresses = ''
        unix_socket_directories = '\(folder)'
        port = \(port)
        max_connections = 400
        shared_buffers = \(isDurable ? "128MB" : "64MB")
        log_line_prefix = '%m [%p] %a '
        fsync = \(isDurable ? "on" : "off")
        synchronous_commit = \(isDurable ? "on" : "off")
        full_page_writes = \(isDurable ? "on" : "off")

        """
    }
}
