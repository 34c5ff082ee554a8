import FoundationEssentials
import Vendors

/// A vendor object that carries our mark or name and belongs to no row.
struct Orphan: Sendable, Equatable {
    enum Kind: String, Sendable { case machine, volume }
    var type: Kind
    var id: String
    var app: String
    var name: String
    var region: String
}

/// What a row says about the object that stands in its place. Nil fields: nothing stored yet.
struct Claim: Sendable, Equatable {
    var storedID: String?
}

extension Orphan {
    /// A machine with a row's mark that the row does not know.
    ///
    /// A row without a stored id may just be making this one, or adopts it by its name: not an orphan.
    static func isOrphan(_ machine: FlyListedMachine, claim: Claim?) -> Bool {
        switch machine.state {
        case "destroyed", "destroying": return false
        default: break
        }
        guard let owner = machine.owner, UUID(uuidString: owner) != nil else { return false }
        return isUnclaimed(machine.id, claim)
    }

    /// A volume under one of our names that no row knows. While it is attached it is shown, but not swept.
    static func isOrphan(_ volume: FlyListedVolume, claim: Claim?) -> Bool {
        volume.isGone ? false : isUnclaimed(volume.id, claim)
    }

    private static func isUnclaimed(_ id: String, _ claim: Claim?) -> Bool {
        guard let claim else { return true }
        guard let stored = claim.storedID else { return false }
        return stored != id
    }
}

/// The names that our profiles give to apps and volumes.
struct FleetNames: Sendable {
    struct Profile: Sendable {
        var app: NameTemplate
        var volume: NameTemplate
    }
    var profiles: [Profile]

    /// App and volume fit one profile, and one user.
    func owns(volume name: String, app: String) -> Bool {
        profiles.contains { profile in
            guard let appUser = profile.app.user(in: app), let volumeUser = profile.volume.user(in: name) else {
                return false
            }
            return appUser.isEmpty || volumeUser.isEmpty || appUser == volumeUser
        }
    }
}

/// `data_{short_id}`: a name with at most one place for the user's handle.
struct NameTemplate: Sendable {
    private let prefix: Substring
    private let suffix: Substring
    private let hasUser: Bool

    init(_ text: String) {
        if let place = text.firstRange(of: "{short_id}") {
            prefix = text[..<place.lowerBound]
            suffix = text[place.upperBound...]
            hasUser = true
        } else {
            prefix = text[...]
            suffix = ""
            hasUser = false
        }
    }

    /// The handle in a name that fits; empty when the template has none; nil when the name does not fit.
    func user(in name: String) -> Substring? {
        guard hasUser else { return name[...] == prefix ? "" : nil }
        guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return nil }
        let user = name.dropFirst(prefix.count).dropLast(suffix.count)
        let isHandle =
            (6...20).contains(user.utf8.count)
            && user.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
            }
        return isHandle && name.utf8.count == prefix.utf8.count + user.utf8.count + suffix.utf8.count ? user : nil
    }
}
