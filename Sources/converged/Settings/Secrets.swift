import Outbound
import Reconcilers
import Systemd
import Vendors

/// What comes from the directory of credentials only.
struct Secrets: Sendable {
    let credentials: Systemd.Credentials

    init(_ settings: Settings, environment: [String: String]) {
        var environment = environment
        environment[Setting.prefix + "CREDENTIALS_DIR"] = settings.credentials.directory
        credentials = Systemd.Credentials(environment: environment)
    }

    /// The Fly token without the white space around it.
    func readFlyToken() throws -> String { try readText("fly-token") }

    /// Names of the PEM files that prove us to Docker daemons: their authority, our certificate and its key.
    static let dockerNames = ["docker-ca", "docker-cert", "docker-key"]

    /// Nil when there is none of them.
    func readDockerIdentity() throws -> TLSIdentity? {
        let present = try Self.dockerNames.filter { try credentials.readIfPresent($0) != nil }
        guard !present.isEmpty else { return nil }
        if let missing = Self.dockerNames.first(where: { !present.contains($0) }) {
            throw SettingsError("credential '\(missing)' is missing; \(present.joined(separator: ", ")) need it")
        }
        let paths = Self.dockerNames.map(credentials.path)
        return TLSIdentity(ca: paths[0], cert: paths[1], key: paths[2])
    }

    /// Logins of image registries; none where there is no such credential.
    func readRegistries() throws -> DockerRegistries {
        guard let bytes = try credentials.readIfPresent("docker-registries") else { return .none }
        do {
            return try DockerRegistries(configuration: bytes)
        } catch {
            throw SettingsError("credential 'docker-registries': \(error)")
        }
    }

    /// What seals the gateway tokens.
    func readKeyRing() throws -> KeyRing {
        let bytes = try credentials.read("keyring")
        do {
            return try KeyRing(credential: bytes)
        } catch {
            throw SettingsError("credential 'keyring': \(error)")
        }
    }

    /// Where Postgres is, with its password: the credential `database-url`, else the setting, to which the
    /// credential `database-password` is added when there is one.
    func readDatabaseURL(_ settings: Settings) throws -> String {
        if try credentials.readIfPresent("database-url") != nil { return try readText("database-url") }
        guard let url = settings.database.url else {
            throw SettingsError(
                "CONVERGED_DATABASE_URL is not set; expected postgres://user@host/database, or a credential database-url"
            )
        }
        guard try credentials.readIfPresent("database-password") != nil else { return url }
        return Self.add(password: try readText("database-password"), to: url)
    }

    private func readText(_ name: String) throws -> String {
        guard let text = String(validating: try credentials.read(name), as: UTF8.self) else {
            throw SettingsError("credential '\(name)' is not UTF-8 text")
        }
        let trimmed = text.trimming { $0.isWhitespace }
        guard !trimmed.isEmpty, !trimmed.contains(where: { $0.isNewline || $0 == "\0" }) else {
            throw SettingsError("credential '\(name)' is not one line of text")
        }
        return trimmed
    }

    /// libpq takes any keyword as a parameter of a URI, and the last one of a conninfo string wins.
    static func add(password: String, to url: String) -> String {
        if url.contains("://") {
            let escaped = password.utf8.map { byte in
                let character = Character(Unicode.Scalar(byte))
                return character.isASCII && (character.isLetter || character.isNumber)
                    ? String(character) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
            return url + (url.contains("?") ? "&" : "?") + "password=" + escaped.joined()
        }
        let quoted = password.flatMap { $0 == "'" || $0 == "\\" ? ["\\", $0] : [$0] }
        return url + " password='" + String(quoted) + "'"
    }
}

extension String {
    fileprivate func trimming(_ isPadding: (Character) -> Bool) -> String {
        let start = drop(while: isPadding)
        return String(start.reversed().drop(while: isPadding).reversed())
    }
}
