/// A row of `converged.machine_profiles`, with its name templates already filled for one user.
struct MachineProfile: Sendable, Equatable {
    enum AppMode: String, Sendable {
        case perUser = "per_user"
        case shared
    }

    var generation: Int64
    var appMode: AppMode
    var app: String
    var machineName: String
    var network: String?
    /// Kinds of address the app must have: `shared_v4`, `v6`, …
    var addresses: [String]
    /// In order of preference.
    var regions: [String]
    var volumeName: String
    var volumePath: String
    var volumeEncrypted: Bool
    var internalPort: Int
    var handlers: [String]
    var checkPath: String
    var checkGraceSeconds: Int
    var restartPolicy: String
    /// Environment names that carry the gateway token.
    var tokenNames: [String]
    var userName: String
    var configName: String
    /// Still a template: `{machine_id}` is known late.
    var gatewayURL: String

    func gatewayURL(machineID: String) -> String {
        gatewayURL.replacing("{machine_id}", with: machineID)
            .replacing("{app}", with: app)
            .replacing("{port}", with: String(internalPort))
    }
}
