import FoundationEssentials

/// The assistant whose container is owed a checklist.
public struct ChecklistSubject: Sendable {
    public var id: UUID
    public var name: String
    public var team: String
    public var droplet: String
    public var port: Int
    /// As in the row: chooses the checklist.
    public var image: String

    public init(id: UUID, name: String, team: String, droplet: String, port: Int, image: String) {
        self.id = id
        self.name = name
        self.team = team
        self.droplet = droplet
        self.port = port
        self.image = image
    }

    /// `{name}`, `{team}`, `{droplet}` and `{port}` become what they are here; other braces stay.
    func fill(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        return text.replacing("{name}", with: name).replacing("{team}", with: team)
            .replacing("{droplet}", with: droplet).replacing("{port}", with: String(port))
    }
}

/// Where a container stands with its checklist.
public enum ChecklistProgress: Sendable, Equatable {
    /// Nothing is owed.
    case done
    /// Call again after this time.
    case working(step: String, again: Duration)
    /// All attempts came to nothing. Tried anew after a while (`ChecklistSettings.failedPauseSeconds`) or when its row
    /// changes; the words are redacted.
    case failed(step: String, why: String)
}

/// Bounds of the work on checklists, in seconds.
public struct ChecklistSettings: Sendable {
    /// One call stays with a command so long, to read what it says; then the command goes on without a reader.
    public var attachSeconds = 180
    /// Of one check.
    public var checkSeconds = 60
    /// Between two looks at a command that nobody reads.
    public var lookSeconds = 5
    /// What can be looked at is looked at again so long after it was met: somebody may have undone it.
    public var recheckSeconds = 6 * 3600.0
    /// From a failure to the next attempts.
    public var failedPauseSeconds = 3600.0
    /// A call begins nothing more after so much time.
    public var callSeconds = 30

    public init() {}
}
