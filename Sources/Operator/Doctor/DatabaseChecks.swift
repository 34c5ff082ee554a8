import FoundationEssentials
import Postgres
import Schema

/// What `doctor` asks the database.
public struct DatabaseChecks: Sendable {
    let verbs: Verbs
    private let database: Database
    private let reach = Reach()

    /// The oldest server that the statements were written for.
    private static let oldestServer = 140_000
    /// More than this between this host's clock and the database's makes TLS, signatures and logs go wrong.
    private static let worstSkewSeconds = 5.0

    public init(_ database: Database) {
        self.database = database
        verbs = Verbs(database: database, console: Console(format: .json) { _ in })
    }

    public var all: [Check] {
        [
            Check("database") { try await connect() },
            Check("migrations") { try await ifReachable { try await compareMigrations() } },
            Check("roles") { try await ifReachable { try await examineRoles() } },
            Check("durability") { try await ifReachable { try await examineDurability() } },
            Check("clock") { try await ifReachable { try await compareClocks() } },
            Check("partitions") { try await ifReachable { try await countPartitions() } },
            Check("workers") { try await ifReachable { try await countWorkers() } },
        ]
    }

    private func ifReachable(_ look: () async throws -> Finding) async throws -> Finding {
        guard await reach.isThere else { return .skipped("the database did not answer") }
        do {
            return try await look()
        } catch let error as PostgresError where error.kind != .server {
            return .skipped("the database did not answer")
        } catch let error as PostgresError where ["42P01", "3F000", "42883"].contains(error.sqlState) {
            return .skipped("the schema isn't there", advice: "run `converged migrate up`")
        } catch let error as PostgresError where error.sqlState == "42501" {
            return .skipped("this log-in may not read that", advice: "make it a member of converged_operator")
        }
    }

    private func connect() async throws -> Finding {
        do {
            let (number, name, login, replica) = try await database.query(
                """
                select current_setting('server_version_num')::int, current_setting('server_version'), current_user::text,
                    pg_is_in_recovery()
                """
            )[0].decode((Int, String, String, Bool).self)
            await reach.found()
            let seen = "PostgreSQL \(name) as \(login)"
            guard number >= Self.oldestServer else {
                return .failed(seen, advice: "use PostgreSQL 14 or newer")
            }
            return replica
                ? .failed("\(seen): a read-only replica", advice: "add target_session_attrs=read-write to the URL")
                : .ok(seen)
        } catch {
            return .failed(
                "\(error)", advice: "check CONVERGED_DATABASE_URL, the credential database-password, and the server")
        }
    }

    private func compareMigrations() async throws -> Finding {
        let rows = try await verbs.listMigrations()
        let wrong = rows.filter { $0["state"].text != "applied" }
        guard let first = wrong.first else { return .ok("schema version \(Version.schema)") }
        let advice =
            wrong.allSatisfy { $0["state"].text == "pending" }
            ? "run `converged migrate up` as the schema's owner"
            : "this binary and the database don't belong together: `converged migrate status`"
        return .failed(
            "\(wrong.count) not as expected, first \(first["name"].line): \(first["state"].line)", advice: advice)
    }

    /// Without a pooler each session asks for it; behind one, what the role or the server says holds.
    private func examineDurability() async throws -> Finding {
        let (value, login) = try await database.query(
            "select current_setting('synchronous_commit'), current_user::text"
        )[0].decode((String, String).self)
        guard value == "off" else { return .ok("synchronous_commit is \(value)") }
        return .failed(
            "synchronous_commit is off: a crash of the server may lose a stored intent, which costs a second volume",
            advice: "alter role \(login) set synchronous_commit = on, for the daemon's log-in too; reconnect the pooler"
        )
    }

    private func compareClocks() async throws -> Finding {
        let start = Date()
        let (server, shift) = try await database.query(
            "select clock_timestamp(), extract(epoch from shift)::float8 from converged.clock"
        )[0].decode((Date, Double).self)
        let middle = start.addingTimeInterval(Date().timeIntervalSince(start) / 2)
        let skew = middle.timeIntervalSince(server)
        let text = "host and database differ by \(Int((skew * 1000).rounded())) ms"
        if shift != 0 {
            return .failed(
                "converged.clock is shifted by \(Int(shift)) s", advice: "update converged.clock set shift = '0'")
        }
        return abs(skew) <= Self.worstSkewSeconds
            ? .ok(text) : .failed(text, advice: "have both synchronise: timedatectl status")
    }

    private func countPartitions() async throws -> Finding {
        let rows = try await verbs.list(
            """
            select parent, (
                select max(to_date(right(child.relname, 8), 'YYYYMMDD')) - (converged.now() at time zone 'UTC')::date
                from pg_inherits join pg_class child on child.oid = inhrelid
                where inhparent = to_regclass('converged.' || quote_ident(parent)) and child.relname ~ '_[0-9]{8}$') as days
            from converged.partitioned order by parent
            """)
        let late = rows.filter { ($0["days"].integer ?? 0) < 2 }
        let text = rows.map { "\($0["parent"].line) \($0["days"].line)" }.joined(separator: ", ")
        return late.isEmpty
            ? .ok("days made ahead: \(text)")
            : .failed(
                "days made ahead: \(text)", advice: "select converged.keep_partitions(), and see why upkeep doesn't run"
            )
    }

    private func countWorkers() async throws -> Finding {
        let workers = try await verbs.ask("select \(Verbs.workers)::text").items
        let live = workers.filter { $0["live"].bool }
        return live.isEmpty
            ? .failed("none is alive", advice: "systemctl start converged, then journalctl -u converged")
            : .ok(live.map { "\($0["name"].line) \($0["version"].line)" }.joined(separator: ", "))
    }
}

/// Whether the first question was answered: the others don't wait for a database that isn't there.
private actor Reach {
    private(set) var isThere = false

    func found() { isThere = true }
}
