import Configuration
import Operator

extension Settings {
    /// Reads the environment and, when `CONVERGED_SETTINGS_FILE` names one, the file; the environment wins.
    /// Everything that is wrong is found at once, not one fault a start.
    static func read(environment: [String: String]) throws(SettingsError) -> Settings {
        let variables = environment.filter { $0.key.hasPrefix(Setting.prefix) }
        let file = try variables[SettingTable.fileVariable].map { path throws(SettingsError) in
            try SettingsFile(path: path)
        }
        var faults = findUnknown(variables: variables.keys, file: file)
        let reader = ConfigReader(providers: [
            EnvironmentVariablesProvider(environmentVariables: variables).prefixKeys(with: "converged"),
            InMemoryProvider(name: "file", values: (file?.values ?? [:]).keyed),
        ])
        var settings = Settings()
        for setting in SettingTable.all {
            guard let text = reader.string(forKey: ConfigKey(setting.key), isSecret: setting.isSecret) else { continue }
            if !setting.apply(text, &settings) {
                let origin = variables[setting.environmentName] != nil ? nil : file?.path
                faults.append(setting.fault(text, in: origin))
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults) }
        return settings
    }

    private static func findUnknown(variables: some Sequence<String>, file: SettingsFile?) -> [String] {
        let names = SettingTable.all.map(\.environmentName) + [SettingTable.fileVariable]
        let keys = SettingTable.all.map(\.key)
        let unknownNames = variables.filter { !names.contains($0) }.sorted()
        let unknownKeys = (file?.values.keys.filter { !keys.contains($0) } ?? []).sorted()
        return unknownNames.map { "\($0) is not a setting" + Spelling.suggest($0, among: names) }
            + unknownKeys.map { "\($0) in \(file?.path ?? "") is not a setting" + Spelling.suggest($0, among: keys) }
    }
}

extension Setting {
    /// "CONVERGED_WORKER_CONCURRENCY is 'many'; expected a whole number from 1 to 1000".
    fileprivate func fault(_ text: String, in file: String?) -> String {
        let name = file.map { "\(key) in \($0)" } ?? environmentName
        if text.isEmpty { return "\(name) is empty; expected \(expected)" }
        return isSecret ? "\(name) is malformed; expected \(expected)" : "\(name) is '\(text)'; expected \(expected)"
    }
}

extension [String: String] {
    fileprivate var keyed: [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, text) in self {
            values[AbsoluteConfigKey(ConfigKey(key))] = ConfigValue(.string(text), isSecret: true)
        }
        return values
    }
}
