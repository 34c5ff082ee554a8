import FoundationEssentials
import Logging
import Operator
import ServiceLifecycle
import Systemd
import UnixSignals

/// The daemon: everything is made and wired here, then run as services until a signal stops them softly.
enum Daemon {
    /// Returns after a soft stop. Refuses, before anything is touched, a database whose schema is not this binary's.
    static func run(_ settings: Settings, _ needs: DaemonNeeds) async throws {
        let level = LevelSwitch(settings.log.level)
        let output = LogOutput(identifier: "converged", environment: Session.environment)
        LoggingSystem.bootstrap { SwitchedLogHandler(JournalLogHandler(label: $0, output: output), level: level) }
        let logger = Logger(label: "converged")
        let notifier = ServiceNotifier()
        let parts = Parts(settings, needs, logger: logger)
        do {
            try await Start(parts.database, hasFly: needs.fly != nil, notifier: notifier, logger: logger).run()
            let group = ServiceGroup(configuration: services(parts, notifier, level, logger))
            notifier.ready()
            logger.notice(
                "started",
                metadata: [
                    "message-id": "\(MessageID.started.name)", "version": "\(Version.current)",
                    "serves": "\(needs.describe(settings))",
                ])
            try await group.run()
        } catch {
            await parts.close()
            throw error
        }
        await parts.close()
        await notifier.flush()
    }

    /// Stopped in the opposite order: the worker drains while the watchdog still looks.
    private static func services(
        _ parts: Parts, _ notifier: ServiceNotifier, _ level: LevelSwitch, _ logger: Logger
    ) -> ServiceGroupConfiguration {
        let health = Health(parts: parts)
        var services: [any Service] = [
            StatusService(health: health, notifier: notifier, logger: logger),
            ReloadService(parts: parts, level: level, notifier: notifier, logger: logger),
            WorkerService(
                worker: parts.worker, droplets: parts.droplets, grace: parts.settings.worker.graceSeconds,
                notifier: notifier, logger: logger),
        ]
        if let path = parts.settings.metrics.file {
            services.insert(MetricsService(parts: parts, path: path, logger: logger), at: 0)
        }
        if let interval = ServiceNotifier.watchdogInterval {
            let watchdog = Watchdog(notifier, interval: interval, logger: logger) { health.gate }
            services.insert(WatchdogService(watchdog: watchdog), at: 0)
        }
        var quiet = logger
        quiet.logLevel = .warning
        return ServiceGroupConfiguration(
            services: services.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
    }
}
