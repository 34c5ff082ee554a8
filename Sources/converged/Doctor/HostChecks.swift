import FoundationEssentials
import Operator
import Systemd
import Vendors

/// What `doctor` asks this host; the database's questions are in `Operator`.
enum HostChecks {
    /// The effective settings, without those that may hold a password.
    static func settings(_ session: Session) -> [Check] {
        let changed = SettingTable.all.filter { !$0.isSecret && $0.describe(session.settings) != $0.defaultText }
        let text = changed.map { "\($0.key)=\($0.describe(session.settings) ?? "")" }.joined(separator: " ")
        return [
            Check("settings") {
                let hasDroplets =
                    try session.settings.docker.droplets != nil || session.secrets.readDockerIdentity() != nil
                guard session.settings.fly.org != nil || hasDroplets else {
                    return .failed(
                        "neither CONVERGED_FLY_ORG nor CONVERGED_DROPLETS is set",
                        advice: "`run` needs the organisation's slug, or the names of droplets")
                }
                return .ok(text.isEmpty ? "all defaults" : "\(text), others default")
            },
            Check("database url") {
                let url = session.settings.database.url ?? ""
                _ = try session.secrets.readDatabaseURL(session.settings)
                return holdsPassword(url)
                    ? .ok("set, with a password in it", advice: "move the password to the credential database-password")
                    : .ok("set")
            },
        ]
    }

    static func credentials(_ session: Session) -> [Check] {
        let secrets = session.secrets
        return [
            Check("fly-token") {
                guard session.settings.fly.org != nil else { return .skipped("CONVERGED_FLY_ORG is not set") }
                _ = try secrets.readFlyToken()
                return .ok("readable")
            },
            Check("keyring") {
                .ok("\(try secrets.readKeyRing())")
            },
            Check("docker-cert") {
                try secrets.readDockerIdentity() == nil
                    ? .skipped("no certificate for Docker daemons over the network", advice: nil) : .ok("readable")
            },
            Check("docker-registries") {
                let registries = try secrets.readRegistries()
                return registries.hosts.isEmpty
                    ? .skipped("no logins: images are pulled as anybody may", advice: nil) : .ok("\(registries)")
            },
        ]
    }

    /// Whether a unit is there to keep the daemon running; `NOTIFY_SOCKET` shows only inside of it.
    static func systemd(_ environment: [String: String]) -> Check {
        Check("systemd") {
            let files = FileManager.default
            guard files.fileExists(atPath: "/run/systemd/system") else {
                return .skipped("this host doesn't run systemd", advice: "have something else restart the daemon")
            }
            let folders = [
                "/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
            ]
            guard let unit = folders.map({ "\($0)/converged.service" }).first(where: files.fileExists) else {
                return .failed(
                    "no converged.service", advice: "install units/converged.service, then systemctl daemon-reload")
            }
            guard environment["NOTIFY_SOCKET"] != nil else { return .ok("\(unit); this shell runs outside of it") }
            return ServiceNotifier.watchdogInterval == nil
                ? .failed("\(unit): no watchdog", advice: "set WatchdogSec= in the unit")
                : .ok("\(unit), notify and watchdog on")
        }
    }

    /// In a URI between `//user:` and `@`, in a conninfo as `password=`.
    private static func holdsPassword(_ url: String) -> Bool {
        if url.contains("password=") { return true }
        guard let scheme = url.firstRange(of: "://") else { return false }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else { return false }
        return authority[..<at].contains(":")
    }
}
