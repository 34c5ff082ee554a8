import SystemPackage

/// Why a credential can't be used: which file, and what to do. Never a byte of its value.
public struct CredentialError: Error, CustomStringConvertible, Sendable {
    public enum Problem: Sendable, Equatable {
        case missing, empty, exposed, notAFile, tooLarge, badName
        case unreadable(String)
    }

    public let name: String
    public let directory: FilePath?
    public let problem: Problem

    init(_ name: String, _ directory: FilePath?, _ problem: Problem) {
        self.name = name
        self.directory = directory
        self.problem = problem
    }

    public var description: String {
        guard let directory else {
            return "credential '\(name)': no directory of credentials. Start the daemon by its unit, which loads "
                + "/etc/credstore/converged.\(name), or set CONVERGED_CREDENTIALS_DIR to a directory with a file '\(name)'."
        }
        let path = directory.appending(name).string
        return switch problem {
        case .missing:
            "credential '\(name)': \(path) isn't there. Write the secret to /etc/credstore/converged.\(name) "
                + "(mode 0600) and restart the unit, or to this path when the daemon runs without systemd."
        case .empty: "credential '\(name)': \(path) is empty. Write the secret to its source and restart."
        case .exposed: "credential '\(name)': \(path) can be read by everyone. Run: chmod 0600 \(path)"
        case .notAFile: "credential '\(name)': \(path) is not a regular file. Put the secret into a plain file."
        case .tooLarge: "credential '\(name)': \(path) is larger than \(Credentials.maxBytes) bytes. Check its source."
        case .badName: "credential '\(name)': not a name of a file. Use a plain name without '/'."
        case .unreadable(let reason):
            "credential '\(name)': \(path) can't be read: \(reason). Check its owner and mode."
        }
    }
}
