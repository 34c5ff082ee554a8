/// How droplets are watched.
public struct DropletSettings: Sendable {
    /// From the end of one survey to the next; events wake it in between.
    public var interval: Duration = .seconds(60)
    /// From one look at an engine that does not answer to the next; a new connection of the watcher wakes it sooner.
    public var closedPause: Duration = .seconds(10)
    /// Between two lists that must agree that something is missing.
    public var lookPause: Duration = .seconds(3)
    /// A larger part of a droplet missing at once is not believed (design law 2), nor are all of several.
    public var believableDrop = Share(numerator: 1, denominator: 5, atLeast: 2)
    /// Repairs at once (design law 9).
    public var blastRadius = Share(numerator: 1, denominator: 10, atLeast: 1)
    /// Containers that end by themselves this often within `loopWindow` are in a loop.
    public var loopDeaths = 3
    public var loopWindow: Duration = .seconds(600)

    public init() {}
}
