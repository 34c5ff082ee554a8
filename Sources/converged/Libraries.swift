import Operator
import Outbound
import Postgres

/// The C libraries that this process runs with.
enum Libraries {
    static var version: Version {
        Version(libraries: [("libpq", PostgresLibrary.version), ("libcurl", OutboundLibrary.version)])
    }
}
