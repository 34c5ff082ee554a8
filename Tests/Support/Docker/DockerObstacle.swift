import Foundation

/// Why a Docker daemon of our own cannot run here. Whoever skips a test for it says so aloud.
public enum DockerObstacle {
    /// Nil where it can; the reason is printed once.
    public static var found: String? { get async { await answer.value } }

    private static let answer = Task { () -> String? in
        let reason = await Self.reason()
        if let reason {
            let line = "\n*** SKIPPED: all tests against a real Docker daemon, because \(reason) ***\n\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
        return reason
    }

    /// The same for whoever has another way: nothing is printed.
    public static func reason() async -> String? {
        guard getuid() == 0 else { return "they need root" }
        for program in ["dockerd", "containerd", "runc", "docker", "docker-registry", "busybox", "ip"] {
            if (try? await Command.run(["which", program]))?.status != 0 {
                return "\(program) is not installed (make packages)"
            }
        }
        let groups = FileManager.default
        guard
            groups.fileExists(atPath: "/sys/fs/cgroup/memory")
                || groups.fileExists(atPath: "/sys/fs/cgroup/cgroup.procs")
        else { return "no control groups are mounted at /sys/fs/cgroup" }
        let probe = try? await Command.run([
            "unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", "mount -t tmpfs tmpfs /mnt",
        ])
        guard probe?.status == 0 else { return "namespaces and mounts are not allowed here" }
        let name = "/converged-probe-\(getpid())"
        let group = groups.fileExists(atPath: "/sys/fs/cgroup/memory") ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup"
        guard mkdir(group + name, 0o755) == 0 else { return "control groups cannot be made in \(group)" }
        rmdir(group + name)
        return nil
    }
}
