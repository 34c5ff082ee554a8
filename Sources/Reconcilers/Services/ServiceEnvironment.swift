import FoundationEssentials

/// A service's environment: the row's own, which may name lines of its file on the droplet. Only what is named gets into
/// the container, so that a database does not learn the secrets of the server beside it. Pure.
struct ServiceEnvironment: Sendable, Equatable {
    private(set) var values: [String: String] = [:]
    /// Values of the file's lines that were used: never to be shown.
    private(set) var secrets: [String] = []

    static let none = ServiceEnvironment()

    private init() {}

    /// - Parameters:
    ///   - env: the row's, a JSON object. `${NAME}` is the file's line NAME, `${NAME:-other}` has a default; a variable
    ///     that is nothing but `${NAME:-}` is left out where there is no such line.
    ///   - file: lines by name; nil: the row names no file.
    init(_ env: String, file: [String: String]?) throws(ContainerFault) {
        guard case .object(let wanted)? = JSONValue(env.utf8) else {
            throw ContainerFault(.invalidEnvironment, "env is no JSON object")
        }
        for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
            if let fault = EnvironmentNames.fault(of: name) { throw ContainerFault(.invalidEnvironment, fault) }
            switch value {
            case .text(let text): values[name] = try fill(text, of: name, file)
            case .integer(let number): values[name] = String(number)
            case .number(let number): values[name] = String(number)
            case .flag(let flag): values[name] = String(flag)
            case .null, .list, .object:
                throw ContainerFault(.invalidEnvironment, "env: the value of \(name) is neither a text nor a number")
            }
        }
    }

    /// Nil: to be left out.
    private mutating func fill(
        _ text: String, of name: String, _ file: [String: String]?
    ) throws(ContainerFault) -> String? {
        var rest = Substring(text)
        var filled = ""
        while let start = rest.firstRange(of: "${") {
            filled += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw ContainerFault(.invalidEnvironment, "env: \(name) has a ${ without its }")
            }
            let words = rest[start.upperBound..<end]
            let split = words.firstRange(of: ":-")
            let line = String(split.map { words[..<$0.lowerBound] } ?? words)
            let other = split.map { String(words[$0.upperBound...]) }
            if let value = file?[line] {
                secrets.append(value)
                filled += value
            } else if let other {
                if other.isEmpty, text == "${\(line):-}" { return nil }
                filled += other
            } else {
                let place = file == nil ? "the row names no env_file" : "the env_file has no such line"
                throw ContainerFault(
                    .invalidEnvironment, "env: \(name) needs ${\(line)}, and \(place)", isPassing: true)
            }
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }

    /// Lines `NAME=value` as compose reads them: comments, `export`, and quotes around a whole value go.
    static func lines(of bytes: [UInt8]) -> [String: String] {
        var lines: [String: String] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
            var text = trim(line)
            if text.hasPrefix("#") { continue }
            if text.hasPrefix("export ") { text = trim(text.dropFirst(7)) }
            guard let equals = text.firstIndex(of: "=") else { continue }
            var value = trim(text[text.index(after: equals)...])
            for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
                value = value.dropFirst().dropLast()
                break
            }
            lines[String(trim(text[..<equals]))] = String(value)
        }
        return lines
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

extension ServiceEnvironment: CustomStringConvertible, CustomReflectable {
    var description: String { "<environment of \(values.count)>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
