/// Checks of one machine out of a whole app's list, read without the rest.
public struct FlyHealth: Decodable, Sendable, Equatable {
    public var id: String
    public var state: String?
    /// `unreachable` means that the checks are old.
    public var hostStatus: String?
    /// At least one check is `critical`.
    public var isCritical: Bool

    private enum CodingKeys: String, CodingKey {
        case id, state, checks
        case hostStatus = "host_status"
    }
    private struct Check: Decodable { var status: String? }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        state = try? fields.decodeIfPresent(String.self, forKey: .state)
        hostStatus = try? fields.decodeIfPresent(String.self, forKey: .hostStatus)
        let checks = try? fields.decodeIfPresent([Check].self, forKey: .checks)
        isCritical = checks?.contains { $0.status == "critical" } ?? false
    }
}
