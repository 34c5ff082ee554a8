/// What is wrong with the settings, a line each. Ends the program with exit code 78 before it has done anything.
struct SettingsError: Error, CustomStringConvertible {
    let lines: [String]

    init(_ lines: [String]) { self.lines = lines }
    init(_ line: String) { self.init([line]) }

    var description: String { lines.joined(separator: "\n") }
}
