extension DockerSimulator {
    /// Something that should not be there when all work is done.
    public struct Leak: Sendable, Hashable, CustomStringConvertible {
        public enum Kind: Sendable, Hashable {
            /// Carries our label, and nobody expects it.
            case unexpected
            /// Expected, and not there.
            case missing
            /// Still has the name of the middle of a swap.
            case temporaryName
            /// One owner has more than one container.
            case twoForOwner
            /// A command that still runs.
            case runningExec
        }
        public let kind: Kind
        public let name: String
        public var description: String { "\(kind) \(name)" }
    }

    /// Containers with the label `ours` (a key) that are not expected by name, those that are missing, names that
    /// match `temporary` (globs), owners (values of the label `owner`) with two containers, and commands that run.
    public func leaks(
        expected: Set<String>, ours: String, owner: String? = nil,
        temporary: [String] = ["*-new", "*-old", "*-next", "*-previous", "*.new", "*.old"]
    ) -> [Leak] {
        let mine = containers().filter { $0.labels[ours] != nil }
        var leaks = mine.filter { !expected.contains($0.name) }.map { Leak(kind: .unexpected, name: $0.name) }
        leaks += expected.subtracting(mine.map(\.name)).sorted().map { Leak(kind: .missing, name: $0) }
        leaks += mine.filter { one in temporary.contains { glob($0, matches: one.name) } }
            .map { Leak(kind: .temporaryName, name: $0.name) }
        if let owner {
            let owned = Dictionary(grouping: mine.filter { $0.labels[owner] != nil }, by: { $0.labels[owner] ?? "" })
            leaks += owned.filter { $0.value.count > 1 }.keys.sorted().map { Leak(kind: .twoForOwner, name: $0) }
        }
        let names = Set(mine.map(\.name))
        leaks += execs().filter { $0.isRunning && names.contains($0.container) }
            .map { Leak(kind: .runningExec, name: $0.container) }
        return leaks
    }
}
