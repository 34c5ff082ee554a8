import CPostgres
import DequeModule
import Glibc
import Logging

/// One connection to Postgres. All of it lives on the loop; operations run one after the other in the order they came.
@Loop final class Wire {
    /// What an operation means for the truth when its answer is lost.
    enum Purpose {
        /// Commits by itself, so a lost answer leaves the outcome unknown.
        case autocommit
        /// Inside BEGIN…COMMIT: a lost connection surely rolled it back.
        case inTransaction
        /// COMMIT: like autocommit, and cancelling the task does not touch it.
        case commit
        /// ROLLBACK and other cleaning, which cancelling the task does not touch.
        case cleaning

        var mayCommit: Bool { self == .autocommit || self == .commit }
        var isCancellable: Bool { self == .autocommit || self == .inTransaction }
    }

    /// BEGIN travels with the first statement.
    enum Transaction { case none, pending, open }

    struct Operation {
        let ticket: Int
        let purpose: Purpose
        let timeout: Duration
        var deadline: ContinuousClock.Instant?
        /// Set once a cancel was sent, to the error the caller will get if it works.
        var cancelledAs: PostgresError.Kind?
        /// A wait reached the server's own time limit.
        var isOverdue = false
    }

    nonisolated let id: Int
    let handle: Handle
    let settings: DatabaseSettings
    /// The number of the current lease; a connection that is used after its end has an older one.
    var lease = 0
    var transaction = Transaction.none
    var statements: StatementCache
    var isCopying = false
    private(set) var isDead = false
    var operation: Operation?
    var hasUnsentBytes = false
    private var ticket = 0
    private var turns = Deque<CheckedContinuation<Void, Never>>()
    private var isTaken = false
    private var cancelsInFlight = 0

    var connection: OpaquePointer { handle.connection }
    var isBusy: Bool { isTaken || cancelsInFlight > 0 }

    init(id: Int, handle: Handle, settings: DatabaseSettings) {
        self.id = id
        self.handle = handle
        self.settings = settings
        statements = StatementCache(capacity: settings.statementCacheCapacity)
    }

    /// Runs one operation: alone, with a deadline, cancellable, and with an error that says what is known.
    func operate<Value: Sendable>(
        _ purpose: Purpose, timeout: Duration? = nil, _ body: @Loop () async throws -> Value
    ) async throws -> Value {
        await takeTurn()
        defer { passTurn() }
        if purpose.isCancellable, Task.isCancelled { throw PostgresError(.cancelled, "cancelled before it was sent") }
        guard isAlive else {
            isDead = true
            var error = PostgresError(.connection, "the server had closed the connection")
            error.isUnsent = true
            throw error
        }
        ticket += 1
        let ticket = ticket
        operation = Operation(ticket: ticket, purpose: purpose, timeout: timeout ?? settings.statementTimeout)
        extendDeadline()
        defer { operation = nil }
        do {
            return try await withTaskCancellationHandler {
                try await body()
            } onCancel: {
                if purpose.isCancellable { Task { @Loop in self.cancel(ticket) } }
            }
        } catch let error as PostgresError {
            throw explain(error, purpose)
        }
    }

    /// Adds to an error what only the wire knows: who asked for the cancel, and whether it may have happened anyway.
    private func explain(_ error: PostgresError, _ purpose: Purpose) -> PostgresError {
        var error = error
        if error.kind == .connection {
            error.outcomeUnknown = purpose.mayCommit && !error.isUnsent
            kill()
        }
        guard error.kind == .connection || error.sqlState == "57014" else { return error }
        if let kind = operation?.cancelledAs {
            error.kind = kind
        } else if operation?.isOverdue == true {
            error.kind = .timeout
        }
        return error
    }

    // MARK: Turns

    private func takeTurn() async {
        guard isBusy else {
            isTaken = true
            return
        }
        await withCheckedContinuation { turn in
            // On the way here the loop may have turned, and nobody be left who would admit us.
            if isBusy { return turns.append(turn) }
            isTaken = true
            turn.resume()
        }
    }

    private func passTurn() {
        isTaken = false
        admitNext()
    }

    /// A cancel that is still under way could hit whatever comes next, so that has to wait.
    private func admitNext() {
        guard !isBusy, let next = turns.popFirst() else { return }
        isTaken = true
        next.resume()
    }

    // MARK: Time and cancelling

    /// Where the server has our time limit it acts first. Behind a pooler it has none, and we ask it to stop at once.
    private var serverGrace: Duration { settings.prepared ? settings.cancelGrace : .zero }

    /// Each answer of the server buys another span: the limit is for one statement, like the server's own.
    func extendDeadline() {
        guard let operation, operation.cancelledAs == nil, operation.timeout > .zero else { return }
        self.operation?.deadline = .now + operation.timeout + serverGrace
    }

    /// Cancels the operation under way, whichever it is.
    func cancelCurrent() {
        if let operation { cancel(operation.ticket) }
    }

    private func cancel(_ ticket: Int) {
        guard let operation, operation.ticket == ticket, operation.cancelledAs == nil else { return }
        sendCancel(as: .cancelled)
        EventLoop.shared.interrupt(PQsocket(connection))
    }

    private func sendCancel(as kind: PostgresError.Kind) {
        operation?.cancelledAs = kind
        operation?.deadline = .now + settings.cancelGrace
        cancelsInFlight += 1
        let handle = handle
        SideThread.start(name: "postgres-cancel") {
            handle.sendCancel()
            Task { @Loop in
                self.cancelsInFlight -= 1
                self.admitNext()
            }
        }
    }

    /// Waits for the socket within the deadline of the operation: first the server is asked to stop, then the
    /// connection is cut.
    func pause(_ interest: Interest) async throws {
        let wake = await EventLoop.shared.wait(PQsocket(connection), interest) { operation?.deadline }
        // A stranger's cancel has the same SQLSTATE as the server's time-out: how long it took tells them apart.
        if let deadline = operation?.deadline, .now > deadline - serverGrace - .milliseconds(50) {
            operation?.isOverdue = true
        }
        guard wake == .deadline else { return }
        if let operation, operation.cancelledAs == nil, !settings.prepared {
            return sendCancel(as: .timeout)
        }
        if operation?.cancelledAs == nil { operation?.cancelledAs = .timeout }
        throw PostgresError(.connection, "no answer within the statement time-out; the connection was cut")
    }

    // MARK: Life

    /// Whether the server has said goodbye since the last operation. One system call when it has not.
    var isAlive: Bool {
        guard !isDead, PQstatus(connection) == CONNECTION_OK else { return false }
        while true {
            var descriptor = pollfd(
                fd: PQsocket(connection), events: Int16(POLLIN) | Int16(pg_poll_hang_up), revents: 0)
            guard poll(&descriptor, 1, 0) > 0 else { return !handle.notices.sawFarewell }
            guard descriptor.revents == Int16(POLLIN), PQconsumeInput(connection) == 1 else { return false }
            _ = PQisBusy(connection)
        }
    }

    /// Cuts the connection; whoever waits on it wakes up.
    func kill() {
        guard !isDead else { return }
        isDead = true
        let socket = PQsocket(connection)
        guard socket >= 0 else { return }
        shutdown(socket, Int32(SHUT_RDWR))
        EventLoop.shared.interrupt(socket)
    }
}
