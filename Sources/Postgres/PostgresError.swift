import CPostgres

/// What went wrong between the daemon and Postgres.
///
/// `description` is safe to log: it leaves out `detail` and quoted input, which can hold row values.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The server refused the statement; `sqlState` says why. Nothing of it has happened.
        case server
        /// The connection could not be made or was lost.
        case connection
        /// The statement, or the wait for a connection, took too long.
        case timeout
        /// The calling task was cancelled.
        case cancelled
        /// Every connection is in use and the line of waiters is full or did not move in time.
        case poolExhausted
        /// A value did not have the shape the caller asked for.
        case decoding
        /// A value cannot be sent to Postgres (a text with a NUL).
        case encoding
        /// The database or the connection was used after its end.
        case closed
    }

    public var kind: Kind
    public var message: String
    public var sqlState: String?
    /// May contain row values: not for logs.
    public var detail: String?
    public var hint: String?
    /// The PL/pgSQL call stack. May contain values: not for logs.
    public var context: String?
    public var schema: String?
    public var table: String?
    public var column: String?
    public var constraint: String?
    /// The connection was lost after something that may have been committed was sent: look it up before repeating it.
    public var outcomeUnknown = false
    /// The statement never left this process: repeating it is safe whatever it does.
    var isUnsent = false
    /// The server's cached plan no longer fits; the statement has to be prepared again.
    var isStalePlan = false

    public init(_ kind: Kind, _ message: String, sqlState: String? = nil) {
        self.kind = kind
        self.message = message
        self.sqlState = sqlState
    }

    /// Whether the same transaction can succeed when it is simply done again. With `outcomeUnknown` it has to be
    /// looked up first.
    public var isRetryable: Bool {
        if isStalePlan { return true }
        switch kind {
        case .connection, .timeout, .poolExhausted: return true
        case .cancelled, .decoding, .encoding, .closed: return false
        case .server:
            guard let sqlState else { return false }
            return Self.retryable.contains(sqlState) || sqlState.hasPrefix("08") || sqlState.hasPrefix("57P0")
        }
    }

    /// Serialization failure, deadlock, lock not available, too many connections, not a primary any more.
    private static let retryable: Set<String> = ["40001", "40P01", "55P03", "53300", "25006", "26000"]

    public var description: String {
        var text = "Postgres: \(safeMessage)"
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let table { text += ", table \(schema.map { $0 + "." } ?? "")\(table)" }
        if let column { text += ", column \(column)" }
        if let constraint { text += ", constraint \(constraint)" }
        if outcomeUnknown { text += "; the outcome is unknown, look it up before repeating it" }
        if let hint { text += "; hint: \(hint)" }
        return text
    }

    /// Data errors (class 22) quote the input: `invalid input syntax for type uuid: "…"`.
    private var safeMessage: Substring {
        guard kind == .server, let quote = message.firstRange(of: ": \"") else { return message[...] }
        return message[..<quote.lowerBound]
    }
}

extension PostgresError {
    /// From a result whose status is an error.
    init(result: OpaquePointer) {
        func text(_ field: UnsafePointer<CChar>?) -> String? { field.map { String(cString: $0) } }
        let severity = text(pg_severity(result))
        let message = text(pg_message(result)) ?? text(PQresultErrorMessage(result))?.essence
        // FATAL ends the session, and a result without a SQLSTATE was made by libpq when the socket broke.
        let isServer = pg_sqlstate(result) != nil && severity != "FATAL" && severity != "PANIC"
        self.init(
            isServer ? .server : .connection, message ?? "unknown error", sqlState: text(pg_sqlstate(result)))
        detail = text(pg_detail(result))
        hint = text(pg_hint(result))
        context = text(pg_context(result))
        schema = text(pg_schema(result))
        table = text(pg_table(result))
        column = text(pg_column(result))
        constraint = text(pg_constraint(result))
        // The message is translated by lc_messages, the name of the C function is not.
        isStalePlan =
            sqlState == "26000" || (sqlState == "0A000" && text(pg_source_function(result)) == "RevalidateCachedQuery")
    }
}

extension String {
    /// libpq says one thing a line (one for every host it tried) and explains it in indented ones.
    var essence: String {
        let lines = split(separator: "\n").filter { $0.first?.isWhitespace == false }
        return lines.isEmpty ? self : lines.joined(separator: "; ")
    }
}
