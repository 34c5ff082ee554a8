import Outbound
import Reconcilers
import Vendors

/// What `run` needs beyond what every verb needs: read and checked in this one place, before anything is touched.
struct DaemonNeeds: Sendable {
    /// The Fly organisation that owns the apps, and what opens it.
    struct Fly: Sendable {
        let org: String
        let token: FlyToken
    }

    /// Nil for a daemon that has droplets only.
    let fly: Fly?
    /// May hold a password.
    let databaseURL: String
    let keyRing: KeyRing
    /// What proves us to Docker daemons over the network.
    let dockerIdentity: TLSIdentity?
    /// Logins that images are pulled with.
    let registries: DockerRegistries

    /// Fails with one line that names the setting or credential. A daemon with neither a Fly organisation nor droplets has
    /// nothing to do, so that is a fault: mostly a forgotten setting.
    init(_ settings: Settings, _ secrets: Secrets) throws {
        dockerIdentity = try secrets.readDockerIdentity()
        guard settings.fly.org != nil || settings.docker.droplets != nil || dockerIdentity != nil else {
            throw SettingsError(
                "CONVERGED_FLY_ORG is not set; expected an organisation's slug, such as acme-1, or for a daemon that only serves droplets CONVERGED_DROPLETS or the credential docker-cert"
            )
        }
        databaseURL = try secrets.readDatabaseURL(settings)
        fly = try settings.fly.org.map { Fly(org: $0, token: FlyToken(try secrets.readFlyToken())) }
        keyRing = try secrets.readKeyRing()
        registries = try secrets.readRegistries()
    }

    /// For people: whose work it does.
    func describe(_ settings: Settings) -> String {
        let flyPart = fly.map { "Fly organisation \($0.org)" } ?? "no Fly organisation"
        if let names = settings.docker.names { return "\(flyPart), droplets \(names.joined(separator: ", "))" }
        return dockerIdentity == nil ? "\(flyPart), no droplets" : "\(flyPart), all droplets that are reached by TLS"
    }
}
