import CPostgres
import Dispatch
import Foundation

/// A connection on bare libpq that blocks its thread: what a bar is measured with must not be the product itself.
final class Session {
    let connection: OpaquePointer

    init(_ url: String) throws {
        guard let connection = PQconnectdb(url) else { throw Mishap(description: "libpq has no memory") }
        self.connection = connection
        guard PQstatus(connection) == CONNECTION_OK else { throw failure("connect") }
    }

    deinit { PQfinish(connection) }

    /// One statement; its rows, NULL as an empty text.
    @discardableResult func run(_ statement: String) throws -> [[String]] {
        try rows(PQexec(connection, statement), statement)
    }

    func prepare(_ name: String, _ statement: String) throws {
        _ = try rows(PQprepare(connection, name, statement, 0, nil), statement)
    }

    @discardableResult func run(prepared name: String, _ value: String? = nil) throws -> [[String]] {
        guard let value else { return try rows(PQexecPrepared(connection, name, 0, nil, nil, nil, 0), name) }
        return try value.withCString { text in
            let values: [UnsafePointer<CChar>?] = [text]
            return try rows(PQexecPrepared(connection, name, 1, values, nil, nil, 0), name)
        }
    }

    /// Sleeps until a notice has come, or the time is over.
    func waitForNotice(milliseconds: Int32) {
        if takeNotices() { return }
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, milliseconds)
        PQconsumeInput(connection)
        _ = takeNotices()
    }

    private func takeNotices() -> Bool {
        var found = false
        while let notice = PQnotifies(connection) {
            PQfreemem(notice)
            found = true
        }
        return found
    }

    private func rows(_ result: OpaquePointer?, _ statement: String) throws -> [[String]] {
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else { throw failure(statement) }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }
        }
    }

    private func failure(_ statement: String) -> Mishap {
        Mishap(description: "\(statement): \(String(cString: PQerrorMessage(connection)))")
    }
}

/// Work that blocks, on a thread of its own.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
    }
}

/// The clock that all processes of a machine share.
func monotonicNanoseconds() -> Int64 { Int64(DispatchTime.now().uptimeNanoseconds) }
