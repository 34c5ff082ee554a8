import Broker
import FoundationEssentials
import Logging
import Operator
import ServiceLifecycle
import SystemPackage
import Systemd
import UnixSignals

/// The process of `converged docker-broker`: a socket of systemd's, and a stop by signal.
enum BrokerProcess {
    static func run(_ settings: BrokerSettings) async throws {
        let sockets = try ListenDescriptors.take()
        guard let socket = sockets.first, sockets.count == 1 else {
            throw VerbError(
                .configuration,
                "one socket is needed and \(sockets.count) came; it is started by converged-docker.socket")
        }
        let output = LogOutput(identifier: "converged-docker", environment: ProcessInfo.processInfo.environment)
        LoggingSystem.bootstrap { JournalLogHandler(label: $0, output: output) }
        let logger = Logger(label: "docker-broker")
        let notifier = ServiceNotifier()
        let service = BrokerService(
            broker: Broker(settings, logger: logger), descriptor: socket.descriptor.rawValue, notifier: notifier,
            grace: settings.grace)
        var quiet = logger
        quiet.logLevel = .warning
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await group.run()
        await notifier.flush()
    }
}

/// A stop lets calls under way end for a while; what comes meanwhile waits in the socket for the next start.
private struct BrokerService: Service {
    let broker: Broker
    let descriptor: Int32
    let notifier: ServiceNotifier
    let grace: Duration

    func run() async throws {
        let work = Task {
            try await broker.run(descriptor: descriptor) {
                notifier.status("lets through what converged does")
                notifier.ready()
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
            broker.stop()
            Task {
                try? await Task.sleep(for: grace)
                work.cancel()
            }
        }
    }
}
