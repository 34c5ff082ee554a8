import Schema

/// What this binary is made of.
public struct Version: Sendable {
    /// The daemon's own version, also in the workers table.
    public static let current = "0.1.0"

    /// Names and versions of the libraries it runs with, such as libpq.
    let libraries: [(name: String, version: String)]

    public init(libraries: [(name: String, version: String)]) {
        self.libraries = libraries
    }

    /// The newest migration that is built in.
    static var schema: Int {
        Schema.files.compactMap { Int($0.name.prefix { $0.isNumber }) }.max() ?? 0
    }

    public func show(on console: Console) throws -> Exit {
        var members: [String: JSON] = [
            "version": .text(Self.current), "schema_version": .integer(Int64(Self.schema)), "swift": .text(Self.swift),
        ]
        for library in libraries { members[library.name] = .text(library.version) }
        try console.answer(.object(members)) {
            console.print("converged \(Self.current)")
            console.print("schema    \(Self.schema)")
            console.print("swift     \(Self.swift)")
            for library in libraries {
                console.print(
                    library.name + String(repeating: " ", count: max(1, 10 - library.name.count)) + library.version)
            }
        }
        return .ok
    }

    private static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
