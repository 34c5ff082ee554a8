import Crypto
import FoundationEssentials

/// One step of a checklist as its row says, texts filled in. Pure.
struct ChecklistStep: Sendable, Equatable {
    enum Work: Sendable, Equatable {
        case exec(argv: [String], check: [String]?, user: String)
        case file(WantedFile)
        case http(method: String, path: String, body: String?, withToken: Bool, status: Int)
    }

    var name: String
    var checklist: String
    var work: Work
    var timeoutSeconds: Int
    var retries: Int
    var retryAfterSeconds: Int

    /// Somebody may undo it, and a look tells. Whether the gateway answers is its health's matter once it is proven.
    var canBeRechecked: Bool {
        switch work {
        case .exec(_, let check, _): check != nil
        case .file: true
        case .http: false
        }
    }

    /// Of all that makes a difference to the container: another hash is owed anew.
    var inputHash: String {
        var hash = SHA256()
        for part in parts {
            // Lengths in front, so that no two lists of parts look alike.
            hash.update(data: Array("\(part?.utf8.count ?? -1):\(part ?? "")".utf8))
        }
        return hash.finalize().map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private var parts: [String?] {
        switch work {
        case .exec(let argv, let check, let user):
            ["exec", user, "\(argv.count)"] + argv + ["\(check?.count ?? -1)"] + (check ?? [])
        case .file(let file):
            ["file", file.path, file.content, "\(file.userID):\(file.groupID):\(file.mode)"]
        case .http(let method, let path, let body, let withToken, let status):
            ["http", method, path, body, "\(withToken):\(status)"]
        }
    }
}

/// A file of a container, whole.
struct WantedFile: Sendable, Equatable {
    /// Absolute, without `..`.
    var path: String
    var content: String
    var userID: Int
    var groupID: Int
    /// Permission bits.
    var mode: Int

    private var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
    /// `/a/b` of `/a/b/c`.
    var folder: String { Self.parent(of: path) }
    /// Where it is written before it is renamed: always the same, so that nothing is left behind.
    var temporaryPath: String { (folder == "/" ? "" : folder) + "/.\(name).converged" }
    /// Of folders that have to be made for it: who may not read the file has no business there.
    var folderMode: Int { mode & 0o077 == 0 ? 0o700 : 0o755 }

    static func parent(of path: String) -> String {
        let parts = path.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }
}
