/// Why a call to the admin API did not do what it was asked to.
public struct CaddyError: Error, Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// Somebody else changed the routes since they were read (412). Read, plan and apply again.
        case changedMeanwhile
        /// No object has that `@id`.
        case notFound
        /// No HTTP server of the wanted name.
        case noServer
        /// Caddy runs without any configuration.
        case noConfig
        /// Caddy could not load the result; the old configuration keeps running.
        case refused
        /// The admin endpoint does not serve us.
        case forbidden
        /// Nothing was changed by this call: not running, not reachable, or a read that failed.
        case unavailable
        /// An answer that the contract does not know. Nothing follows from it.
        case unreadable
        /// The change may have been made: read before repeating it.
        case outcomeUnknown
    }

    public var kind: Kind
    public var action: CaddyAction
    /// `server main`, `route pa_alice`
    public var target: String
    public var admin: CaddySettings.Admin
    public var status: Int?
    /// Caddy's text, at most 300 characters, or what happened to the connection.
    public var message: String

    public init(
        _ kind: Kind, _ action: CaddyAction, target: String, admin: CaddySettings.Admin, status: Int? = nil,
        message: String = ""
    ) {
        self.kind = kind
        self.action = action
        self.target = target
        self.admin = admin
        self.status = status
        self.message = message
    }

    /// Repeating the same request cannot help: somebody has to change a row, the settings or Caddy.
    public var isTerminal: Bool {
        switch kind {
        case .refused, .forbidden, .noServer, .noConfig: true
        case .changedMeanwhile, .notFound, .unavailable, .unreadable, .outcomeUnknown: false
        }
    }

    /// Safe to repeat without a look: this call changed nothing.
    public var isSurelyUnchanged: Bool { kind != .outcomeUnknown }
}

extension CaddyError: CustomStringConvertible {
    public var description: String {
        var text = "caddy \(action.rawValue) \(target) at \(admin): \(meaning)"
        if let status { text += " (HTTP \(status))" }
        if !message.isEmpty { text += ": \(message)" }
        return text + "; \(advice)"
    }

    private var meaning: String {
        switch kind {
        case .changedMeanwhile: "changed by somebody else since it was read"
        case .notFound: "no such object"
        case .noServer: "Caddy has no such server"
        case .noConfig: "Caddy runs without a configuration"
        case .refused: "Caddy refused the configuration and keeps the old one"
        case .forbidden: "the admin endpoint refused us"
        case .unavailable: "no answer, nothing was changed"
        case .unreadable: "an answer that is not understood"
        case .outcomeUnknown: "no answer, the change may have been made"
        }
    }

    private var advice: String {
        switch kind {
        case .changedMeanwhile, .outcomeUnknown: "read the routes and plan again"
        case .notFound: "plan again"
        case .noServer: "add the server to Caddy's own configuration, name another one, or allow to create it"
        case .noConfig: "start Caddy with a configuration that has an admin block and an http app"
        case .refused: "correct what it names; until then no route of this server can be changed"
        case .forbidden: "check the admin block's listen, origins and the socket's owner"
        case .unavailable: "check that Caddy runs and that its admin endpoint is where the settings say"
        case .unreadable: "check Caddy's version and what answers at that address"
        }
    }
}
