import Glibc
import Operator
import Postgres
import Systemd

/// The end of a verb that went wrong: a line on stderr that says what to do, and the exit code.
struct Failure {
    let message: String
    let code: Int32

    /// Nil for the parser's own errors, such as a wrong command line.
    init?(_ error: any Error) {
        if String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") { return nil }
        switch error {
        case let error as VerbError: self.init(error.exit, error.message)
        case let error as SettingsError: self.init(.configuration, error.lines.joined(separator: "\nconverged: "))
        case let error as CredentialError: self.init(.configuration, error.description)
        case let error as PostgresError: self.init(database: error)
        case is CancellationError: self.init(.temporary, "stopped")
        default: self.init(.fault, "\(error)")
        }
    }

    private init(_ exit: Exit, _ message: String) {
        self.message = message
        code = exit.rawValue
    }

    private init(database error: PostgresError) {
        switch (error.kind, error.sqlState) {
        case (.connection, _), (.closed, _):
            self.init(.unavailable, "\(error.description.oneLine); `converged doctor` looks closer")
        // The migrator's refusals come from no server.
        case (.server, nil): self.init(.configuration, error.message)
        case (_, "CV404"): self.init(.unknown, Self.words(of: error))
        case (_, "CV409"), (_, "55P03"): self.init(.temporary, Self.words(of: error))
        case (_, "22023"), (_, "23514"), (_, "54000"): self.init(.usage, Self.words(of: error))
        case (_, "42501"):
            self.init(.forbidden, "\(error.message): this log-in may not do that; `converged doctor` shows its roles")
        case (_, "42P01"), (_, "3F000"), (_, "42883"), (_, "42703"):
            self.init(
                .configuration,
                "\(error.message): the database's schema doesn't fit; `converged migrate status` compares")
        default: self.init(error.isRetryable ? .temporary : .fault, "\(error)")
        }
    }

    /// The queue's functions refuse in words.
    private static func words(of error: PostgresError) -> String {
        error.message + (error.hint.map { "; \($0)" } ?? "")
    }

    func exit() -> Never {
        let text = Array("converged: \(message)\n".utf8)
        _ = write(STDERR_FILENO, text, text.count)
        Glibc.exit(code)
    }
}
