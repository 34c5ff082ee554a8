import Foundation

/// A minimal Debian tree with a real systemd, made once by debootstrap from this machine's own apt source and kept
/// for later runs. It is never changed: each boot works on a layer above it.
///
/// ```swift
/// guard let tree = try await SystemdTree.prepareOrSay() else { return }
/// let machine = try await tree.boot(.daemon(program: Command.built("converged")))
/// try await machine.check(["systemctl", "start", "converged"])
/// try await machine.shutdown()
/// ```
public struct SystemdTree: Sendable {
    /// Why no systemd can be booted here: not a fault of the code under test.
    public struct Unavailable: Error, CustomStringConvertible { public let description: String }

    public let path: String

    /// Part of the directory's name: a change of what is in the tree makes a new one.
    private static let version = 1
    private static let packages = ["systemd", "systemd-sysv", "procps"]

    /// The tree, or nil where none can be had; then the reason is printed, so that a skipped test is seen.
    public static func prepareOrSay() async throws -> SystemdTree? {
        do {
            return try await prepare()
        } catch let reason as Unavailable {
            FileHandle.standardError.write(Data("SKIPPED, no systemd was booted: \(reason)\n".utf8))
            return nil
        }
    }

    /// Takes about a minute the first time and no time later.
    public static func prepare() async throws -> SystemdTree {
        guard getuid() == 0 else { throw Unavailable(description: "only root can boot a tree; run the tests as root") }
        for tool in ["systemd-nspawn", "debootstrap", "nsenter", "flock"] {
            guard try await Command.run(["which", tool]).status == 0 else {
                throw Unavailable(description: "\(tool) is missing; apt-get install systemd-container debootstrap")
            }
        }
        let codename = try await Command.check(["sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME"]).trimmed
        let tree = SystemdTree(path: "/var/tmp/converged-tree-\(codename)-\(version)")
        guard !FileManager.default.fileExists(atPath: tree.path) else { return tree }
        let source = try await aptSource(of: codename)
        let proxy = try await Command.check(["sh", "-c", "eval $(apt-config shell P Acquire::http::Proxy); echo $P"])
        let made = try await Command.run(
            ["flock", tree.path + ".lock", "sh", "-c", script, tree.path, codename, source],
            environment: proxy.trimmed.isEmpty ? [:] : ["http_proxy": proxy.trimmed])
        guard made.status == 0 else {
            throw Unavailable(
                description: "debootstrap failed with \(made.status): " + (made.output + made.errors).suffix(2000))
        }
        return tree
    }

    /// Boots the tree with this on top; returns when systemd inside says that its boot is over.
    public func boot(_ installation: Installation) async throws -> BootedMachine {
        try await BootedMachine.boot(self, installation)
    }

    /// Made beside its place and moved there when complete, so that nothing half done is ever used.
    private static let script = """
        [ -d "$0" ] && exit 0
        rm -rf "$0.partial"
        debootstrap --variant=minbase --include=\(packages.joined(separator: ",")) "$1" "$0.partial" "$2" || exit
        mv "$0.partial" "$0"
        """

    /// Where this machine's apt gets its own release from.
    private static func aptSource(of codename: String) async throws -> String {
        let format = "$(REPO_URI) $(RELEASE) $(CODENAME) $(COMPONENT)"
        let targets = try await Command.check(["apt-get", "indextargets", "--format", format, "Created-By: Packages"])
        for line in targets.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 4, words[1] == codename || words[2] == codename, words[3] == "main" {
                return String(words[0])
            }
        }
        throw Unavailable(description: "apt has no source for \(codename) main; run apt-get update")
    }
}

extension String {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
