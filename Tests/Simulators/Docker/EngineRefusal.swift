/// An answer that says no, in the daemon's words.
struct EngineRefusal: Error {
    var status: Int
    var message: String
    var isPlain = false

    init(_ status: Int, _ message: String) {
        self.status = status
        self.message = message
    }

    static func noContainer(_ name: String) -> EngineRefusal { .init(404, "No such container: \(name)") }
    static func notRunning(_ id: String) -> EngineRefusal { .init(409, "Container \(id) is not running") }
    static let noPage = EngineRefusal(404, "page not found")

    static func nameTaken(_ name: String, by id: String) -> EngineRefusal {
        .init(
            409,
            "Conflict. The container name \"/\(name)\" is already in use by container \"\(id)\". "
                + "You have to remove (or rename) that container to be able to reuse that name.")
    }

    static func badName(_ name: String) -> EngineRefusal {
        .init(400, "Invalid container name (\(name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    }
}

/// The answer of a call.
enum EngineReply: Sendable {
    case json(Int, JSON)
    case empty(Int)
    case bytes(Int, [(name: String, value: String)], [UInt8])
    /// Answered once something has happened.
    case later(Follow)
    /// The head now, the body as it comes to be.
    case stream(Int, [(name: String, value: String)], Follow)
}

/// Something that a call waits for or streams.
struct Follow: Sendable {
    enum Look: Sendable {
        /// Look again when the subject has changed.
        case pending
        case bytes([UInt8])
        case end([UInt8])
        case reply(EngineReply)
    }
    /// Container, exec or pull; `events`.
    var subject: String
    /// What the last look left off with.
    var cursor = 0
    var look: @Sendable (inout DockerWorld, inout Int) throws -> Look
}

extension DockerWorld {
    /// One look of a call that waits; `nil` when its daemon is gone.
    mutating func look(_ follow: Follow, _ cursor: inout Int, _ boot: Int) -> Follow.Look? {
        guard boot == self.boot else { return nil }
        do { return try follow.look(&self, &cursor) } catch let refusal as EngineRefusal {
            return .reply(reply(to: refusal))
        } catch {
            return .reply(.json(500, ["message": .string("\(error)")]))
        }
    }
}
