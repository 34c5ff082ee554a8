import Foundation

/// A folder that goes away with the test process, also when that is killed: a shell outside of its session waits for
/// the end of a pipe that only this process holds.
public enum TemporaryFolder {
    /// All of them lie in one, so that one shell can watch them all.
    private static let root = Swift.Result {
        let path = "/tmp/converged-tests-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        // A server that runs as another user has to get to its own folder inside.
        chmod(path, 0o711)
        try watch(path)
        return path
    }

    public static func make(_ prefix: String) throws -> String {
        let path = try "\(root.get())/\(prefix)-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        return path
    }

    /// For tests that make so many that waiting for the end would be rude.
    public static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func watch(_ path: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        closeInherited(&actions)
        // Servers inside need a moment to die after us before their files are gone for good.
        let script = "cat >/dev/null; rm -rf \"$1\"; sleep 1; rm -rf \"$1\""
        let command = ["/usr/bin/setsid", "/bin/sh", "-c", script, "sh", path]
        var argv = command.map { strdup($0) } + [nil]
        defer { for text in argv { free(text) } }
        var id = pid_t()
        guard posix_spawn(&id, argv[0]!, &actions, nil, &argv, environ) == 0 else { throw POSIXError(.ENOENT) }
        close(ends[0])
    }
}
