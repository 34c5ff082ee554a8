/// A request that fits a rule: parsed, and everything in it that can be judged without the daemon is judged.
struct BrokerCall: Sendable {
    var rule: Rule
    var version: Int?
    var path: [String]
    /// What stands for `.container`, `.exec`, `.network`, `.volume` or `.image`.
    var subject: String
    var query: [(name: String, value: String)]
    var body: JSON?

    /// The rule of a request, before its body is read.
    static func find(_ method: String, _ target: BrokerTarget) throws(Refusal) -> Rule {
        let fitting = Rule.all.filter { matches($0.path, target.path) }
        guard let rule = fitting.first(where: { $0.method == method }) else {
            let words = target.path.prefix(2).map { shown($0, max: 40) }.joined(separator: "/")
            throw Refusal(
                fitting.isEmpty ? "\(method) /\(words) is not a call that converged makes" : "\(method) is not for this"
            )
        }
        guard rule.isUnversioned == (target.version == nil) else {
            throw Refusal("\(rule.action) \(rule.isUnversioned ? "takes no" : "needs a") version in front", status: 400)
        }
        return rule
    }

    /// - Parameter body: of a rule with a JSON body all of it, otherwise empty.
    init(_ rule: Rule, _ target: BrokerTarget, body bytes: [UInt8]) throws(Refusal) {
        self.rule = rule
        version = target.version
        path = target.path
        subject = try Self.subject(rule.path, target.path)
        query = try Self.query(rule, target.query)
        switch rule.body {
        case .json(let shape):
            body = try shape.clean(try Self.read(bytes, "the body"))
        case .none:
            guard bytes.isEmpty else { throw Refusal("\(rule.action) takes no body", status: 400) }
        case .archive: break
        }
    }

    private static func matches(_ parts: [Rule.Part], _ path: [String]) -> Bool {
        if let image = parts.firstIndex(of: .image) {
            let behind = parts.count - image - 1
            return path.count >= parts.count && matches(Array(parts[..<image]), Array(path.prefix(image)))
                && matches(Array(parts[(image + 1)...]), Array(path.suffix(behind)))
        }
        return parts.count == path.count
            && zip(parts, path).allSatisfy { part, text in
                if case .word(let word) = part { word.utf8.elementsEqual(text.utf8) } else { true }
            }
    }

    private static func subject(_ parts: [Rule.Part], _ path: [String]) throws(Refusal) -> String {
        guard let index = parts.firstIndex(where: { if case .word = $0 { false } else { true } }) else { return "" }
        let behind = parts.count - index - 1
        let text = path[index..<(path.count - behind)].joined(separator: "/")
        let word =
            switch parts[index] {
            case .image: Words.image
            case .exec: Words.id
            default: Words.reference
            }
        guard word.fits(text) else { throw Refusal("\(shown(text)) is not \(word.meaning)", status: 400) }
        return text
    }

    private static func query(
        _ rule: Rule, _ sent: [(name: String, value: String)]
    ) throws(Refusal) -> [(name: String, value: String)] {
        var query: [(name: String, value: String)] = []
        var filters: [JSON.Member] = []
        for (name, value) in sent {
            if name == "filters", let keys = rule.filters {
                filters = try Self.filters(value, keys)
            } else if let word = rule.query.first(where: { $0.key.utf8.elementsEqual(name.utf8) })?.value {
                guard word.fits(value) else { throw Refusal("\(shown(name)) in the query is not \(word.meaning)") }
                query.append((name, value))
            } else {
                throw Refusal("\(shown(name)) in the query is not allowed for \(rule.action)")
            }
        }
        for name in rule.needs where !query.contains(where: { $0.name == name }) {
            throw Refusal("\(name) is missing in the query of \(rule.action)", status: 400)
        }
        if rule.onlyOurs {
            let labels = filters.first { $0.name == "label" }?.value.list ?? []
            filters.removeAll { $0.name == "label" }
            filters.append(.init("label", .list(labels + [.text(BrokerPolicy.label)])))
        }
        if !filters.isEmpty {
            query.append(("filters", String(decoding: JSON.object(filters).bytes, as: UTF8.self)))
        }
        return query
    }

    private static func filters(_ text: String, _ keys: [String]) throws(Refusal) -> [JSON.Member] {
        let values = Shape.list(.text(.plain(max: 500)), max: 500)
        let shape = Shape.object(Dictionary(uniqueKeysWithValues: keys.map { ($0, values) }))
        return try shape.clean(try read(Array(text.utf8), "filters"), at: "filters").members ?? []
    }

    private static func read(_ bytes: [UInt8], _ what: String) throws(Refusal) -> JSON {
        do throws(JSONReader.Malformed) {
            return try JSONReader.read(bytes)
        } catch {
            throw Refusal("\(what) is not the JSON that it has to be: \(error.why)", status: 400)
        }
    }
}
