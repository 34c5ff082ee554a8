import FoundationEssentials

/// Logins of image registries by host, in the form of Docker's own `config.json`:
/// `{"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}}}`. Can be looked up but not printed.
public struct DockerRegistries: Sendable {
    /// What is wrong, with the registry but without the login.
    public struct Malformed: Error, Sendable, CustomStringConvertible {
        public let description: String
    }

    public static let none = DockerRegistries(logins: [:])

    private let logins: [String: DockerRegistryLogin]

    /// Hosts that there is a login for.
    public var hosts: [String] { logins.keys.sorted() }

    private init(logins: [String: DockerRegistryLogin]) { self.logins = logins }

    /// - Parameter configuration: the file's bytes. What is in it besides `auths` is left alone.
    public init(configuration: [UInt8]) throws(Malformed) {
        struct File: Decodable {
            struct Entry: Decodable { var auth: String? }
            var auths: [String: Entry]
        }
        guard let file = try? JSONDecoder().decode(File.self, from: Data(configuration)) else {
            throw Malformed(
                description: #"not of the form {"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}}}"#)
        }
        var logins: [String: DockerRegistryLogin] = [:]
        for (name, entry) in file.auths.sorted(by: { $0.key < $1.key }) {
            let host = Self.host(of: name)
            guard let text = entry.auth, let login = Self.login(text, host) else {
                throw Malformed(
                    description: "the auth of \(host) is not the base64 of user:password (a credential store has it?)")
            }
            guard logins.updateValue(login, forKey: host) == nil else {
                throw Malformed(description: "\(host) is there twice")
            }
        }
        self.logins = logins
    }

    func login(for reference: DockerImageReference) -> DockerRegistryLogin? { logins[reference.registry] }

    private static func login(_ text: String, _ host: String) -> DockerRegistryLogin? {
        guard text.utf8.count <= 10_000, let bytes = Data(base64Encoded: text),
            let words = String(validating: bytes, as: UTF8.self), let colon = words.firstIndex(of: ":")
        else { return nil }
        let (user, password) = (words[..<colon], words[words.index(after: colon)...])
        guard !user.isEmpty, !password.isEmpty else { return nil }
        let server = host == DockerImageReference.hub ? "https://index.docker.io/v1/" : host
        return DockerRegistryLogin(user: String(user), password: String(password), server: server)
    }

    /// `docker login` writes `https://index.docker.io/v1/` for its own registry, others write a scheme or a path too.
    private static func host(of name: String) -> String {
        var rest = Substring(name.lowercased())
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return DockerImageReference.registry(String(rest.prefix { $0 != "/" }))
    }
}

extension DockerRegistries: CustomStringConvertible, CustomReflectable {
    public var description: String { hosts.isEmpty ? "none" : hosts.joined(separator: ", ") }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension DockerImageReference {
    static let hub = "docker.io"

    /// The host that it is pulled from: the part before the first slash when that looks like a host, as Docker does it.
    public var registry: String {
        guard let slash = repository.firstIndex(of: "/") else { return Self.hub }
        let first = repository[..<slash]
        let isHost = first == "localhost" || first.contains { $0 == "." || $0 == ":" }
        return isHost ? Self.registry(first.lowercased()) : Self.hub
    }

    fileprivate static func registry(_ host: String) -> String {
        ["index.docker.io", "registry-1.docker.io"].contains(host) ? hub : host
    }
}
