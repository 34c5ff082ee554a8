import Logging

/// The swift-log backend: metadata become journal fields (`kind` → `CONVERGED_KIND`), `message-id` becomes
/// `MESSAGE_ID` with its catalog entry. Installed once by the executable:
/// `LoggingSystem.bootstrap { JournalLogHandler(label: $0, output: output) }`.
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    public var logLevel: Logger.Level = .info
    private let label: String
    private let output: LogOutput

    public init(label: String, output: LogOutput) {
        self.label = label
        self.output = output
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// The nearest value wins: of the call, of the task (provider), of the logger.
    public func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
        if let own = event.metadata { merged.merge(own) { $1 } }
        output.write(LogLine(label: label, event: event, metadata: merged))
    }
}
