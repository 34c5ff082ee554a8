/// A piece of Caddy's configuration, compared by structure. Numbers are doubles because Caddy's own are.
public enum CaddyJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case array([CaddyJSON])
    case object([String: CaddyJSON])

    subscript(_ key: String) -> CaddyJSON? {
        guard case .object(let fields) = self else { return nil }
        return fields[key]
    }

    /// Empty for anything that is no array.
    var items: [CaddyJSON] { if case .array(let items) = self { items } else { [] } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
}

extension CaddyJSON: Codable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// The commonest first: each wrong guess costs an error that nobody reads.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let fields = try? decoder.container(keyedBy: Key.self) {
            let pairs = try fields.allKeys.map { ($0.stringValue, try fields.decode(CaddyJSON.self, forKey: $0)) }
            self = .object(Dictionary(pairs) { _, last in last })
        } else if var list = try? decoder.unkeyedContainer() {
            var items: [CaddyJSON] = []
            while !list.isAtEnd { items.append(try list.decode(CaddyJSON.self)) }
            self = .array(items)
        } else if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .bool(flag)
        } else {
            self = .number(try value.decode(Double.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .object(let fields):
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in fields { try container.encode(value, forKey: Key(stringValue: key)) }
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .null:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .bool(let flag):
            var container = encoder.singleValueContainer()
            try container.encode(flag)
        case .number(let number):
            var container = encoder.singleValueContainer()
            try container.encode(number)
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }
}
