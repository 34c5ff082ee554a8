import CPostgres
import Glibc
import Logging

extension Handle {
    /// Connects on a side thread, because libpq resolves names with a blocking call, also for every further host.
    static func open(_ settings: DatabaseSettings, logger: Logger) async throws -> Handle {
        let outcome = await SideThread.run(name: "postgres-open") { () -> Result<Handle, PostgresError> in
            connect(settings, logger: logger)
        }
        return try outcome.get()
    }

    private static func connect(_ settings: DatabaseSettings, logger: Logger) -> Result<Handle, PostgresError> {
        let options = options(settings)
        var keys: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = options.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keys + values { free(UnsafeMutablePointer(mutating: text)) } }
        guard let connection = PQconnectdbParams(&keys, &values, 1) else {
            return .failure(PostgresError(.connection, "out of memory"))
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = String(cString: PQerrorMessage(connection)).essence
            PQfinish(connection)
            return .failure(PostgresError(.connection, message.isEmpty ? "cannot connect" : message))
        }
        return .success(Handle(connection, logger: logger))
    }

    /// libpq lets a later entry win, so what stands before `dbname` (the URL) is a default, what follows is fixed.
    private static func options(_ settings: DatabaseSettings) -> [(String, String)] {
        let keepAlives = settings.keepAlives
        var options = [
            ("gssencmode", "disable"),
            ("keepalives_idle", "\(keepAlives.idleSeconds)"),
            ("keepalives_interval", "\(keepAlives.intervalSeconds)"),
            ("keepalives_count", "\(keepAlives.count)"),
            ("tcp_user_timeout", "\(keepAlives.userTimeoutMilliseconds)"),
            ("connect_timeout", "\(max(2, (settings.connectTimeout.milliseconds + 999) / 1000))"),
            ("fallback_application_name", settings.applicationName),
            ("dbname", settings.url),
            ("client_encoding", "UTF8"),
        ]
        // A transaction pooler refuses start-up options, and a SET would leak to other clients.
        if settings.prepared {
            options.append(("options", urlOptions(settings.url) + sessionOptions(settings)))
        }
        return options
    }

    private static func sessionOptions(_ settings: DatabaseSettings) -> String {
        [
            "statement_timeout=\(settings.statementTimeout.milliseconds)",
            "lock_timeout=\(settings.lockTimeout.milliseconds)",
            "idle_in_transaction_session_timeout=60000",
            // A stored intent that a crash of the server forgets costs a second volume, whatever the server's default.
            "synchronous_commit=on",
            "DateStyle=ISO",
            "TimeZone=UTC",
        ].map { " -c \($0)" }.joined()
    }

    /// `options` inside the URL, which ours would otherwise replace.
    private static func urlOptions(_ url: String) -> String {
        guard let parsed = PQconninfoParse(url, nil) else { return "" }
        defer { PQconninfoFree(parsed) }
        var entry = parsed
        while let keyword = entry.pointee.keyword {
            if strcmp(keyword, "options") == 0, let value = entry.pointee.val { return String(cString: value) }
            entry += 1
        }
        return ""
    }
}
