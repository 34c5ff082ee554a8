extension Session {
    /// What `run` needs beyond what every verb needs. Names what was found, for `--check`.
    func checkDaemonNeeds() throws -> String {
        guard let org = settings.fly.org else {
            throw SettingsError("CONVERGED_FLY_ORG is not set; expected an organisation's slug, such as acme-1")
        }
        _ = try secrets.readDatabaseURL(settings)
        _ = try secrets.readFlyToken()
        _ = try secrets.readKeyRing()
        return "Fly organisation \(org)"
    }
}
