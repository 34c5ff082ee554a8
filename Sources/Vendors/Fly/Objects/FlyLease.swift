import FoundationEssentials

/// Exclusive use of a machine: while held, every change by others is refused. The vendor's, not the queue's.
public struct FlyLease: Sendable, Equatable {
    public var app: String
    public var machine: String
    /// Secret enough to stay out of logs: who knows it can change the machine.
    public var nonce: String
    public var expiresAt: Date?

    public init(app: String, machine: String, nonce: String, expiresAt: Date? = nil) {
        self.app = app
        self.machine = machine
        self.nonce = nonce
        self.expiresAt = expiresAt
    }
}

/// The documented answer is wrapped in `data`; the specification shows it bare. Both are read.
struct FlyLeaseAnswer: Decodable {
    struct Fields: Decodable {
        var nonce: String?
        var expiresAt: Double?

        enum CodingKeys: String, CodingKey {
            case nonce
            case expiresAt = "expires_at"
        }
    }
    var fields: Fields

    private enum CodingKeys: CodingKey { case data }

    init(from decoder: any Decoder) throws {
        let wrapped = try? decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(Fields.self, forKey: .data)
        fields = try wrapped ?? Fields(from: decoder)
    }
}
