import CPostgres

/// The libpq that this process runs with.
public enum PostgresLibrary {
    /// As in `15.14`.
    public static var version: String {
        let number = PQlibVersion()
        return "\(number / 10000).\(number % 10000)"
    }
}
