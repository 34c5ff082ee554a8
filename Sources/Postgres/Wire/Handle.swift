import CPostgres
import Logging

/// Owns a `PGconn`. After opening, only the loop calls libpq with it; `PQcancel` has its own copy of the address.
final class Handle: @unchecked Sendable {
    let connection: OpaquePointer
    private let canceller: OpaquePointer?
    let notices: NoticeSink

    init(_ connection: OpaquePointer, logger: Logger) {
        self.connection = connection
        canceller = PQgetCancel(connection)
        notices = NoticeSink(logger: logger)
        PQsetnonblocking(connection, 1)
        PQsetNoticeReceiver(
            connection,
            { sink, result in
                guard let sink, let result else { return }
                Unmanaged<NoticeSink>.fromOpaque(sink).takeUnretainedValue().receive(result)
            }, Unmanaged.passUnretained(notices).toOpaque())
    }

    deinit {
        if let canceller { PQfreeCancel(canceller) }
        PQfinish(connection)
    }

    /// Blocks until the server has taken note: for side threads.
    func sendCancel() {
        var message = [CChar](repeating: 0, count: 256)
        if let canceller { PQcancel(canceller, &message, Int32(message.count)) }
    }
}

/// Takes what the server says unasked.
final class NoticeSink: @unchecked Sendable {
    private let logger: Logger
    /// The server said goodbye while nothing was asked of it. Touched on the loop only.
    private(set) var sawFarewell = false

    init(logger: Logger) { self.logger = logger }

    func receive(_ result: OpaquePointer) {
        let severity = pg_severity(result).map { String(cString: $0) } ?? "NOTICE"
        if severity == "FATAL" || severity == "PANIC" { sawFarewell = true }
        let message = pg_message(result).map { String(cString: $0) } ?? ""
        logger.debug("Postgres says: \(message)", metadata: ["severity": "\(severity)"])
    }
}
