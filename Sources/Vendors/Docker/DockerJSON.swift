/// A request body. Fields that are nil are left out: the daemon's default holds.
enum DockerJSON: Encodable, Sendable, Equatable {
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([DockerJSON])
    case object([String: DockerJSON])

    static func fields(_ pairs: KeyValuePairs<String, DockerJSON?>) -> DockerJSON {
        var object: [String: DockerJSON] = [:]
        for (name, value) in pairs { if let value { object[name] = value } }
        return .object(object)
    }

    static func texts(_ texts: [String]) -> DockerJSON { .list(texts.map { .text($0) }) }

    /// Nil for an empty list.
    static func some(_ texts: [String]) -> DockerJSON? { texts.isEmpty ? nil : .texts(texts) }

    static func map(_ pairs: [String: String]) -> DockerJSON { .object(pairs.mapValues { .text($0) }) }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .text(let text): try value.encode(text)
        case .number(let number): try value.encode(number)
        case .flag(let flag): try value.encode(flag)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }
}

/// Reads an object of the daemon's answer: unknown fields are ignored, and only what is needed must be there, because
/// answers gain and lose fields with every version (contract docker, "Transport").
struct DockerFields {
    struct Key: CodingKey, ExpressibleByStringLiteral {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringLiteral text: String) { stringValue = text }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>

    init(_ decoder: any Decoder) throws { container = try decoder.container(keyedBy: Key.self) }

    func need<Value: Decodable>(_ key: Key) throws -> Value { try container.decode(Value.self, forKey: key) }

    /// Absent, null and unreadable are the same.
    func find<Value: Decodable>(_ key: Key) -> Value? {
        (try? container.decodeIfPresent(Value.self, forKey: key)) ?? nil
    }
}
