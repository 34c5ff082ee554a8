import Foundation

/// Reads what a Postgres client sends and finds the messages that make something durable: COMMIT in either protocol,
/// or the end of an implicit transaction.
struct CommitCounter {
    private enum Verb { case begin, commit, rollBack, other }

    /// The transaction state of the session, as ReadyForQuery told it last.
    private enum Status { case idle, open, failed }

    private var statements: [String: Verb] = [:]
    private var portals: [String: Verb] = [:]
    private var status = Status.idle
    /// Executed outside BEGIN…COMMIT since the last Sync.
    private var hasImplicitWork = false

    /// Whether forwarding this message commits.
    mutating func read(type: UInt8, body: some Collection<UInt8>) -> Bool {
        let fields = body.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        switch type {
        case UInt8(ascii: "P"):
            statements[fields[0]] = Self.verb(of: fields[1])
            return false
        case UInt8(ascii: "B"):
            portals[fields[0]] = statements[fields[1]] ?? .other
            return false
        case UInt8(ascii: "E"):
            return execute(portals[fields[0]] ?? .other)
        case UInt8(ascii: "Q"):
            return query(fields[0])
        case UInt8(ascii: "S"):
            defer { hasImplicitWork = false }
            return hasImplicitWork && status == .idle
        default:
            return false
        }
    }

    /// ReadyForQuery: `I`, `T` or `E`.
    mutating func ready(_ state: UInt8) {
        status = state == UInt8(ascii: "T") ? .open : state == UInt8(ascii: "E") ? .failed : .idle
    }

    private mutating func execute(_ verb: Verb) -> Bool {
        switch verb {
        case .begin: status = .open
        case .commit:
            defer { status = .idle }
            return status == .open
        case .rollBack: status = .idle
        case .other: hasImplicitWork = hasImplicitWork || status == .idle
        }
        return false
    }

    /// A simple query is its own Sync; of several statements the last one decides.
    private mutating func query(_ text: String) -> Bool {
        var commits = false
        for statement in text.split(separator: ";") where statement.contains(where: { !$0.isWhitespace }) {
            if execute(Self.verb(of: String(statement))) { commits = true }
        }
        defer { hasImplicitWork = false }
        return commits || (hasImplicitWork && status == .idle)
    }

    private static func verb(of text: String) -> Verb {
        let word = text.drop { !$0.isLetter }.prefix { $0.isLetter }.uppercased()
        switch word {
        case "BEGIN", "START": return .begin
        case "COMMIT", "END": return .commit
        case "ROLLBACK", "ABORT": return .rollBack
        default: return .other
        }
    }
}
