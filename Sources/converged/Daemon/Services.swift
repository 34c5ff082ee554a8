import FoundationEssentials
import Logging
import Queue
import ServiceLifecycle
import Systemd
import UnixSignals
import Vendors

/// Takes and runs jobs. A graceful shutdown is the soft stop of all workers.
struct WorkerService: Service {
    let worker: Worker
    let droplets: DropletWorkers
    let grace: Int
    let notifier: ServiceNotifier
    let logger: Logger

    func run() async throws {
        let work = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await worker.run() }
                group.addTask { await droplets.run() }
                try await group.waitForAll()
            }
        }
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } onGracefulShutdown: {
            notifier.stopping()
            notifier.extendTimeout(.seconds(grace + 20))
            notifier.status("stopping: running jobs get \(grace) s, the rest is handed back")
            logger.notice("stopping", metadata: ["message-id": "\(MessageID.stopping.name)"])
            work.cancel()
        }
    }
}

/// Feeds systemd's watchdog until the very end: a drain that hangs is a stall too.
struct WatchdogService: Service {
    let watchdog: Watchdog

    func run() async throws { await cancelWhenGracefulShutdown { await watchdog.run() } }
}

/// One useful line for `systemctl status`, every ten seconds.
struct StatusService: Service {
    let health: Health
    let notifier: ServiceNotifier
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat {
                do {
                    notifier.status(try await health.describe())
                } catch is CancellationError {
                    return
                } catch {
                    notifier.status("waiting for the database")
                    logger.debug("no status line: \(error)")
                }
            } while (try? await Task.sleep(for: .seconds(10))) != nil
        }
    }
}

/// SIGHUP: log level and vendor token are read again, everything else needs a restart and says so.
struct ReloadService: Service {
    let parts: Parts
    let level: LevelSwitch
    let notifier: ServiceNotifier
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { reload() }
        }
    }

    private func reload() {
        notifier.reloading()
        defer { notifier.ready() }
        do {
            let session = try Session()
            level.turn(to: session.settings.log.level)
            if let token = parts.token { token.renew(FlyToken(try session.secrets.readFlyToken())) }
            let changed = SettingTable.all.filter { setting in
                setting.key != "log.level" && setting.describe(session.settings) != setting.describe(parts.settings)
            }
            let names = changed.map(\.key).joined(separator: ", ")
            logger.notice("reloaded log level and Fly token\(names.isEmpty ? "" : "; these need a restart: \(names)")")
        } catch {
            logger.error("reload refused, everything stays as it was: \(Failure(error)?.message ?? "\(error)")")
        }
    }
}
