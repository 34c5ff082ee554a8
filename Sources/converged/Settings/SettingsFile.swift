import FoundationEssentials
import Operator

/// The optional settings file: JSON objects whose names, joined by dots, are the keys of ``SettingTable``.
struct SettingsFile {
    let path: String
    /// Key to text; numbers and booleans as they would be written in the environment.
    let values: [String: String]

    private static let maxBytes = 1 << 20

    /// Fails with one clear line when the file can't be read or isn't such an object.
    init(path: String) throws(SettingsError) {
        self.path = path
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SettingsError("\(SettingTable.fileVariable): \(path) can't be read; check its path, owner and mode")
        }
        guard bytes.count <= Self.maxBytes else {
            throw SettingsError("\(path) is larger than 1 MiB: not a settings file")
        }
        guard let tree = try? JSONDecoder().decode(JSON.self, from: bytes), case .object = tree else {
            throw SettingsError("\(path) is not a JSON object such as {\"fly\": {\"org\": \"acme\"}}")
        }
        var values: [String: String] = [:]
        try Self.flatten(tree, at: "", of: path, into: &values)
        self.values = values
    }

    private static func flatten(
        _ value: JSON, at key: String, of path: String, into values: inout [String: String]
    ) throws(SettingsError) {
        switch value {
        case .object(let members):
            for (name, member) in members {
                try flatten(member, at: key.isEmpty ? name : "\(key).\(name)", of: path, into: &values)
            }
        case .text(let text): values[key] = text
        case .integer(let number): values[key] = String(number)
        case .number(let number): values[key] = String(number)
        case .bool(let flag): values[key] = flag ? "on" : "off"
        case .null, .array:
            throw SettingsError("\(key) in \(path) is a list or null; expected a text, a number, true or false")
        }
    }
}
