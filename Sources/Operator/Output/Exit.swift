/// What the program's exit code says; the numbers are those of sysexits.h where one fits.
public enum Exit: Int32, Sendable {
    case ok = 0
    /// The verb worked and found something that needs a person.
    case attention = 1
    /// `reconcile --wait`: the object waits for a person (blocked, or paused).
    case blocked = 2
    /// `reconcile --wait`: the run failed and will be repeated.
    case retrying = 3
    /// The command line is wrong.
    case usage = 64
    /// No such object, job or kind, or more than one.
    case unknown = 66
    /// The database can't be reached.
    case unavailable = 69
    /// A fault of the program itself.
    case fault = 70
    /// The database refused for now: the same command may work in a moment.
    case temporary = 75
    /// The log-in may not do this.
    case forbidden = 77
    /// Settings, credentials, or the schema's version.
    case configuration = 78
    /// The time to wait ran out.
    case timeout = 124
}

/// Why a verb could not do its work: one line that says what to do, and the exit code.
public struct VerbError: Error, CustomStringConvertible {
    public let exit: Exit
    public let message: String

    public init(_ exit: Exit, _ message: String) {
        self.exit = exit
        self.message = message
    }

    public var description: String { message }
}
