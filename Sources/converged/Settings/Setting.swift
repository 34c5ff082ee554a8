/// One setting: its names, its meaning, and how its text becomes a value.
struct Setting: Sendable {
    /// In the file, by dots: `database.url` is `{"database": {"url": …}}`.
    let key: String
    let meaning: String
    /// What a good value looks like: the end of "expected …".
    let expected: String
    /// May hold a password: shown neither in errors nor by `doctor`.
    var isSecret = false
    /// Sets the value; false when the text is not what was expected.
    let apply: @Sendable (String, inout Settings) -> Bool
    /// The text of the present value; nil when there is none.
    let describe: @Sendable (Settings) -> String?

    static let prefix = "CONVERGED_"

    /// `CONVERGED_DATABASE_URL`.
    var environmentName: String {
        Self.prefix + String(key.map { $0 == "." ? "_" : $0 }).uppercased()
    }

    var defaultText: String? { describe(Settings()) }
}

extension Setting {
    typealias Path<Value> = any WritableKeyPath<Settings, Value> & Sendable

    static func text(
        _ key: String, _ path: Path<String?>, _ meaning: String, expected: String, isSecret: Bool = false,
        isGood: @escaping @Sendable (String) -> Bool
    ) -> Setting {
        Setting(
            key: key, meaning: meaning, expected: expected, isSecret: isSecret,
            apply: { text, settings in
                guard isGood(text) else { return false }
                settings[keyPath: path] = text
                return true
            },
            describe: { $0[keyPath: path] })
    }

    static func integer(
        _ key: String, _ path: Path<Int>, _ meaning: String, in range: ClosedRange<Int>
    ) -> Setting {
        Setting(
            key: key, meaning: meaning,
            expected: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            apply: { text, settings in
                guard let value = Int(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            },
            describe: { String($0[keyPath: path]) })
    }

    static func number(
        _ key: String, _ path: Path<Double>, _ meaning: String, in range: ClosedRange<Double>
    ) -> Setting {
        Setting(
            key: key, meaning: meaning,
            expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            apply: { text, settings in
                guard let value = Double(text), range.contains(value) else { return false }
                settings[keyPath: path] = value
                return true
            },
            describe: { String($0[keyPath: path]) })
    }

    static func flag(_ key: String, _ path: Path<Bool>, _ meaning: String) -> Setting {
        let values = ["on": true, "off": false, "true": true, "false": false]
        return Setting(
            key: key, meaning: meaning, expected: "on or off",
            apply: { text, settings in
                guard let value = values[text] else { return false }
                settings[keyPath: path] = value
                return true
            },
            describe: { $0[keyPath: path] ? "on" : "off" })
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable & Sendable>(
        _ key: String, _ path: Path<Value>, _ meaning: String
    ) -> Setting {
        Setting(
            key: key, meaning: meaning,
            expected: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            apply: { text, settings in
                guard let value = Value(rawValue: text) else { return false }
                settings[keyPath: path] = value
                return true
            },
            describe: { $0[keyPath: path].rawValue })
    }
}
