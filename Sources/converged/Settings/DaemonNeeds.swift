import Reconcilers
import Vendors

/// What `run` needs beyond what every verb needs: read and checked in this one place, before anything is touched.
struct DaemonNeeds: Sendable {
    /// The Fly organisation that owns the apps.
    let org: String
    /// May hold a password.
    let databaseURL: String
    let flyToken: FlyToken
    let keyRing: KeyRing

    /// Fails with one line that names the setting or credential.
    init(_ settings: Settings, _ secrets: Secrets) throws {
        guard let org = settings.fly.org else {
            throw SettingsError("CONVERGED_FLY_ORG is not set; expected an organisation's slug, such as acme-1")
        }
        self.org = org
        databaseURL = try secrets.readDatabaseURL(settings)
        flyToken = FlyToken(try secrets.readFlyToken())
        keyRing = try secrets.readKeyRing()
    }
}
