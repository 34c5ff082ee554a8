/// What a broker may be told. Everything is bounded.
public struct BrokerSettings: Sendable {
    /// Docker's own socket.
    public var daemon = "/var/run/docker.sock"
    /// Folders of the host that containers may be given.
    public var places = BindPlaces.usual
    /// Files of the host whose content the daemon may read.
    public var readable = BindPlaces.usualFiles
    /// Clients at once; further ones wait in the socket's queue.
    public var maxConnections = 64
    /// Of a JSON body.
    public var maxBodyBytes = 1 << 20
    /// Of an archive that is unpacked in a container.
    public var maxArchiveBytes = 64 << 30
    public var maxHeaderBytes = 32 << 10
    /// How long a client may neither send what it announced nor take what it asked for.
    public var patience = Duration.seconds(120)
    /// How long a connection may be kept without a call, and a head may take to arrive.
    public var idle = Duration.seconds(60)
    /// How long calls under way may go on after a stop.
    public var grace = Duration.seconds(10)

    public init() {}
}
