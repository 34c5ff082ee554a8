/// How to reach Postgres and how long to wait for it.
public struct DatabaseSettings: Sendable {
    /// TCP keep-alives: how soon a silent peer counts as gone.
    public struct KeepAlives: Sendable {
        public var idleSeconds = 10
        public var intervalSeconds = 5
        public var count = 3
        /// `TCP_USER_TIMEOUT`: sent data that stays unacknowledged for so long breaks the connection.
        public var userTimeoutMilliseconds = 20_000

        public init() {}
    }

    /// URI or conninfo, several hosts allowed (`target_session_attrs=read-write`). May hold a password: not for logs.
    public var url: String
    /// Shown in `pg_stat_activity`.
    public var applicationName = "converged"
    public var maxConnections = 8
    /// Per host.
    public var connectTimeout: Duration = .seconds(5)
    /// How long a caller stands in line for a connection, including the time in which the database is away.
    public var acquireTimeout: Duration = .seconds(10)
    public var maxWaiters = 1_000
    /// A statement is cancelled after this (by the server, or by us behind a pooler); `cancelGrace` later the
    /// connection is given up. Zero: none.
    public var statementTimeout: Duration = .seconds(30)
    public var lockTimeout: Duration = .seconds(5)
    /// How long the server may take to answer a cancel before the connection is cut.
    public var cancelGrace: Duration = .seconds(5)
    public var idleTimeout: Duration = .seconds(120)
    public var maxLifetime: Duration = .seconds(3600)
    /// Named prepared statements and server settings at start-up (time-outs, `synchronous_commit = on`); false behind a
    /// transaction pooler, where neither belongs to the client.
    public var prepared = true
    public var statementCacheCapacity = 256
    public var keepAlives = KeepAlives()

    public init(url: String) { self.url = url }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
