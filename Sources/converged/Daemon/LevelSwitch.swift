import Logging
import Synchronization

/// How much is logged, for all loggers at once; a reload turns it.
final class LevelSwitch: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    var current: Logger.Level { level.withLock { $0 } }

    func turn(to new: Logger.Level) { level.withLock { $0 = new } }
}

/// A log handler that obeys the switch, whenever its logger was made; one logger can still be made quieter.
struct SwitchedLogHandler<Base: LogHandler>: LogHandler {
    private var base: Base
    private let level: LevelSwitch
    private var own = Logger.Level.trace

    init(_ base: Base, level: LevelSwitch) {
        self.base = base
        self.base.logLevel = .trace
        self.level = level
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    var logLevel: Logger.Level {
        get { max(own, level.current) }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { base.log(event: event) }
}
