import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import Outbound
import Synchronization

/// Stands between the daemon and Docker's socket, which is as good as root: forwards the calls that converged makes on
/// what carries its label, and refuses all others (see `BrokerPolicy`). Made and run by `converged docker-broker`.
public final class Broker: Sendable {
    private let settings: BrokerSettings
    private let logger: Logger
    private let outbound: Outbound
    private let desk: Desk
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// nil when the last connection has ended.
    private let quiescing: Mutex<ServerQuiescingHelper?>
    private let isStopping = Atomic(false)

    public init(_ settings: BrokerSettings, logger: Logger) {
        var options = OutboundSettings(userAgent: "converged docker-broker")
        // Every client may hold a stream and look something up beside it.
        options.maxConnectionsPerHost = settings.maxConnections * 2
        outbound = Outbound(options, logger: logger)
        quiescing = Mutex(ServerQuiescingHelper(group: loops))
        desk = Desk(
            policy: BrokerPolicy(places: settings.places, readable: settings.readable),
            door: DockerDoor(outbound, socket: settings.daemon),
            settings: settings, logger: logger)
        self.settings = settings
        self.logger = logger
    }

    /// Serves a listening socket, whose descriptor it owns from now on, until `stop` or until it is cancelled.
    public func run(descriptor: Int32, whenReady: @Sendable () -> Void = {}) async throws {
        try await listen(descriptor, whenReady)
        await outbound.close()
        // It uses a loop once more when it goes.
        quiescing.withLock { $0 = nil }
        try? await loops.shutdownGracefully()
    }

    private func listen(_ descriptor: Int32, _ whenReady: @Sendable () -> Void) async throws {
        guard let channels = quiescing.withLock(\.self) else { return }
        let http = channel { _, _, _ in }
        let quiet = quiet
        let server = try await ServerBootstrap(group: loops)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(channels.makeServerChannelHandler(channel: channel))
                }
            }
            .bind(descriptor) { channel in http.setup(channel: channel, logger: quiet) }
        whenReady()
        // Ends when the server's channel is closed; connections that are busy may finish.
        await withTaskGroup(of: Void.self) { group in
            try? await server.executeThenClose { connections in
                var taken = 0
                for try await connection in connections {
                    if taken == settings.maxConnections { await group.next() } else { taken += 1 }
                    group.addTask { await self.serve(connection) }
                }
            }
        }
    }

    /// No new connections; `run` returns when the calls under way have ended. Idle connections are closed.
    public func stop() {
        let isFirst = isStopping.exchange(true, ordering: .relaxed) == false
        if isFirst { quiescing.withLock(\.self)?.initiateShutdown(promise: nil) }
    }

    /// A client that hangs up, or lets us wait for too long, ends its call, at the daemon too.
    private func serve(_ connection: HTTP1Channel.Value) async {
        let patience = Patience()
        let http = channel { [desk] request, writer, _ in try await desk.serve(request, writer, patience) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await http.handle(value: connection, logger: self.quiet) }
            group.addTask { try? await connection.channel.closeFuture.get() }
            group.addTask {
                await patience.run(self.settings.patience)
                connection.channel.close(promise: nil)
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func channel(_ responder: @escaping HTTPChannelHandler.Responder) -> HTTP1Channel {
        var limits = HTTP1Channel.Configuration.DecoderConfiguration()
        limits.maxHeaderFieldSize = settings.maxHeaderBytes
        limits.maxHeaderListSize = settings.maxHeaderBytes
        limits.maxHeaderFieldCount = 64
        return HTTP1Channel(
            responder: responder,
            configuration: .init(
                idleTimeout: .init(settings.idle), httpDecoderConfiguration: limits))
    }

    /// What goes wrong on a client's connection is the client's.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = .critical
        return quiet
    }
}
