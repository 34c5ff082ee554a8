import FoundationEssentials

/// What a machine gets to know: the row's environment, its mail address, user, config and its own gateway token. The
/// daemon's names win over the row's. Holds the token in clear, so it prints nothing.
struct MachineEnvironment: Sendable {
    let values: [String: String]

    init(_ desired: DesiredMachine, token: GatewayToken) {
        var values = desired.environment
        if let profile = desired.profile {
            values[profile.userName] = desired.userID.uuidString.lowercased()
            values[profile.configName] = desired.config
            for name in profile.tokenNames { values[name] = token.hex }
        }
        if let inbox = desired.inbox { values["AGENTMAIL_INBOX_ID"] = inbox }
        self.values = values
    }

    init(_ values: [String: String]) { self.values = values }

    /// Stands for all values where they are compared. The token in it makes it impossible to guess the others from it.
    var digest: String {
        Digest.short(values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    }
}

extension MachineEnvironment: CustomStringConvertible, CustomReflectable {
    var description: String { "<\(values.count) variables>" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
