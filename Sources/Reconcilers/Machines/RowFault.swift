/// Something in the row that no vendor needs to be asked about: a blocked condition until the row changes.
struct RowFault: Sendable, Equatable {
    var reason: Reason
    var message: String

    static func first(in desired: DesiredMachine) -> RowFault? {
        guard let profile = desired.profile else {
            return RowFault(
                reason: .unknownProfile, message: "profile \"\(desired.profileName)\" is not in machine_profiles")
        }
        if !ImageReference.isValid(desired.image) {
            return RowFault(
                reason: .invalidImage, message: "\"\(desired.image)\" is no image reference (registry/name:tag)")
        }
        for region in desired.regions where !isRegion(region) {
            return RowFault(
                reason: .invalidRegion, message: "\"\(region)\" is no region: three lower-case letters are wanted")
        }
        if !isHostLabel(profile.app) || !isHostLabel(profile.machineName) {
            return RowFault(
                reason: .specRefused,
                message: "names \"\(profile.app)\" and \"\(profile.machineName)\" must be under 63 lower-case letters,"
                    + " digits and dashes: correct the profile's templates")
        }
        for name in desired.environment.keys.sorted() {
            if let fault = EnvironmentNames.fault(of: name) {
                return RowFault(reason: .invalidEnvironment, message: fault)
            }
        }
        return nil
    }

    private static func isRegion(_ text: String) -> Bool {
        text.utf8.count == 3 && text.utf8.allSatisfy { (97...122).contains($0) }
    }

    private static func isHostLabel(_ text: String) -> Bool {
        (1...62).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
    }
}

enum EnvironmentNames {
    /// Keys with which the platform itself reaches vendors. An assistant that holds one holds everybody's.
    static let masterKeys: Set<String> = [
        "AGENTMAIL_API_KEY", "FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "STRIPE_API_KEY", "STRIPE_SECRET_KEY",
        "STRIPE_WEBHOOK_SECRET", "CLERK_SECRET_KEY", "CLERK_WEBHOOK_SECRET", "TWENTY_API_KEY", "DATABASE_URL",
        "CONVERGED_KEYRING",
    ]

    static func fault(of name: String) -> String? {
        if masterKeys.contains(name.uppercased()) {
            return "env must not hold \(name): vendors' master keys stay in the platform's proxy"
        }
        let isWellFormed =
            !name.isEmpty && name.utf8.count <= 200 && !(48...57).contains(name.utf8.first ?? 48)
            && name.utf8.allSatisfy {
                (65...90).contains($0) || (97...122).contains($0) || (48...57).contains($0) || $0 == 95
            }
        return isWellFormed ? nil : "\"\(name)\" cannot name an environment variable"
    }
}
