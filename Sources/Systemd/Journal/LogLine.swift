import Logging

/// A log event as journal fields: what ``JournalLogHandler`` makes of it, a pure value.
struct LogLine: Sendable {
    let label: String
    let level: Logger.Level
    let message: String
    /// Fields beside `MESSAGE` and `PRIORITY`, in the order in which they are sent.
    var fields: [(name: String, value: String)]

    init(label: String, event: LogEvent, metadata: Logger.Metadata) {
        self.label = label
        level = event.level
        fields = []
        var message = event.message.description
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            let value = value.description
            if key == "message-id", let id = MessageID(name: value) ?? MessageID(rawValue: value) {
                fields.append((name: "MESSAGE_ID", value: id.rawValue))
            } else {
                fields.append((name: JournalEntry.fieldName(key), value: value))
            }
            // Plain `journalctl` shows nothing but the message: it must say which object it is about.
            if key == "key", !message.contains(value) { message = "\(value): \(message)" }
        }
        if let error = event.error { fields.append((name: "CONVERGED_ERROR", value: "\(error)")) }
        self.message = message
        fields.append((name: "CONVERGED_LOGGER", value: label))
        fields.append((name: "CODE_FILE", value: event.file))
        fields.append((name: "CODE_LINE", value: String(event.line)))
        fields.append((name: "CODE_FUNC", value: event.function))
    }

    /// Syslog severity: 7 debug … 2 critical.
    var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    func entry(_ identifier: String) -> JournalEntry {
        var entry = JournalEntry()
        entry.add("MESSAGE", message)
        entry.add("PRIORITY", String(priority))
        entry.add("SYSLOG_IDENTIFIER", identifier)
        for field in fields { entry.add(field.name, field.value) }
        return entry
    }

    /// One line for people: `error reconcile: machine/7: no answer reason=timeout`. A newline inside a value is
    /// escaped, or a value could forge a line.
    var text: String {
        var text = "\(level) \(label): \(message)"
        for (name, value) in fields where name.hasPrefix("CONVERGED_") && name != "CONVERGED_LOGGER" {
            text += " \(name.dropFirst("CONVERGED_".count).lowercased())=\(value)"
        }
        return text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}
