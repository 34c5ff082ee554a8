/// What one write does to a server's routes. Made by `RoutePlan`, carried out by `CaddyClient.apply`.
public struct RouteChange: Sendable, Equatable, CustomStringConvertible {
    /// In the order of the current list.
    public var steps: [RouteStep]
    /// The whole new array as JSON.
    public var array: [UInt8]
    var countBefore: Int

    /// `add pa_alice, replace pa_bob`
    public var description: String { steps.map { "\($0.kind.rawValue) \($0.id)" }.joined(separator: ", ") }
}

public struct RouteStep: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case add
        /// It was there, but not as wanted.
        case replace
        /// It stood behind a route that takes its requests.
        case move
        case remove
        /// The same `@id` once more: 2.6.2 accepts that (contract caddy), and its copies would come back to life.
        case removeDuplicate = "remove-duplicate"
    }

    public var kind: Kind
    public var id: CaddyName
    /// In the current list; an `add` goes before it.
    public var index: Int
    /// New content of an `add`, `replace` or `move`.
    var route: [UInt8]?
}

/// A wanted route that the plan leaves alone, and why. Whatever stands under its `@id` stays as it is.
public struct RouteBlock: Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// A route that is not ours has the same host.
        case foreignHost(index: Int, id: String?)
        /// Another wanted route has the same host or the same `@id`.
        case wantedTwice(other: CaddyName)
    }

    public var id: CaddyName
    public var host: CaddyHost
    public var reason: Reason

    public var description: String {
        switch reason {
        case .foreignHost(let index, let foreign):
            "route \(id): \(host) belongs to route \(index)\(foreign.map { " (\($0))" } ?? "") of somebody else; "
                + "remove that from Caddy's configuration or choose another name"
        case .wantedTwice(let other):
            "route \(id): \(host) is wanted for route \(other) too; choose another name for one of them"
        }
    }
}
