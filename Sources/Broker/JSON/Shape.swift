/// What a value may be. Everything that is not named is refused, names must match byte for byte (Docker's own reader
/// takes `privileged` for `Privileged`), and a null is as if it were not there.
indirect enum Shape: Sendable {
    case flag
    /// One value only: what is dangerous the other way round.
    case only(Bool)
    case number(ClosedRange<Int64>)
    case text(Word)
    case list(Shape, max: Int)
    /// Names are free within a rule (labels, ports).
    case map(Word, Shape, max: Int)
    case object([String: Shape], needs: [String] = [])

    /// The value without nulls. The path says where, for people: values are never part of it.
    func clean(_ value: JSON, at path: String = "") throws(Refusal) -> JSON {
        switch (self, value) {
        case (.flag, .flag): return value
        case (.only(let wanted), .flag(let flag)):
            guard wanted == flag else { throw Refusal("\(path) may only be \(wanted)") }
            return value
        case (.number(let range), .number(let number)):
            guard range.contains(number) else { throw Refusal("\(path) is not in \(range)") }
            return value
        case (.text(let word), .text(let text)):
            guard word.fits(text) else { throw Refusal("\(path) is not \(word.meaning)") }
            return value
        case (.list(let shape, let max), .list(let list)):
            guard list.count <= max else { throw Refusal("\(path) has more than \(max) entries") }
            var cleaned: [JSON] = []
            for (index, value) in list.enumerated() { cleaned.append(try shape.clean(value, at: "\(path)[\(index)]")) }
            return .list(cleaned)
        case (.map(let word, let shape, let max), .object(let members)):
            guard members.count <= max else { throw Refusal("\(path) has more than \(max) entries") }
            var cleaned: [JSON.Member] = []
            for member in members {
                guard word.fits(member.name) else { throw Refusal("a name in \(path) is not \(word.meaning)") }
                cleaned.append(.init(member.name, try shape.clean(member.value, at: "\(path).\(shown(member.name))")))
            }
            return .object(cleaned)
        case (.object(let shapes, let needs), .object(let members)):
            return try clean(members, shapes, needs, at: path)
        default: throw Refusal("\(path.isEmpty ? "the body" : path) has the wrong type")
        }
    }

    private func clean(
        _ members: [JSON.Member], _ shapes: [String: Shape], _ needs: [String], at path: String
    ) throws(Refusal) -> JSON {
        var cleaned: [JSON.Member] = []
        for member in members {
            let inner = path.isEmpty ? shown(member.name) : "\(path).\(shown(member.name))"
            guard let shape = shapes.first(where: { $0.key.utf8.elementsEqual(member.name.utf8) })?.value else {
                throw Refusal("\(inner) is not allowed")
            }
            guard member.value != .null else { continue }
            cleaned.append(.init(member.name, try shape.clean(member.value, at: inner)))
        }
        for name in needs where !cleaned.contains(where: { $0.name == name }) {
            throw Refusal("\(path.isEmpty ? name : "\(path).\(name)") is missing")
        }
        return .object(cleaned)
    }
}

/// Text of a client in our words: printable ASCII, not long.
func shown(_ text: String, max: Int = 100) -> String {
    var shown = ""
    for byte in text.utf8.prefix(max) {
        shown.unicodeScalars.append((0x20..<0x7f).contains(byte) ? Unicode.Scalar(byte) : "?")
    }
    return text.utf8.count > max ? shown + "…" : shown
}
