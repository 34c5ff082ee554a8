/// What the bodies of our calls may hold. Where a rule needs more than one value (paths, networks) see `BodyChecks`.
enum Bodies {
    static let container = Shape.object(
        [
            "Image": .text(Words.image), "Cmd": argv, "Entrypoint": argv, "Env": env, "Labels": labels,
            "Hostname": .text(Words.hostname), "User": .text(Words.user), "WorkingDir": .text(Words.path),
            "Healthcheck": healthcheck, "StopSignal": .text(Words.signal), "StopTimeout": .number(0...3600),
            "ExposedPorts": .map(Words.port, .object([:]), max: 64), "HostConfig": host,
            "NetworkingConfig": .object([
                "EndpointsConfig": .map(
                    Words.name, .object(["Aliases": .list(.text(Words.hostname), max: 16)]), max: 1)
            ]),
            // Said by other clients, and harmless so.
            "Tty": .only(false), "OpenStdin": .only(false), "AttachStdin": .only(false),
        ], needs: ["Image", "Labels", "HostConfig"])

    /// No `Privileged`, `CapAdd`, `Devices`, `PidMode`, `IpcMode`, `UsernsMode`, `VolumesFrom`, `CgroupParent`, `Sysctls`,
    /// `Runtime`, `VolumeDriver` nor whatever Docker may learn: only what stands here. The network is always named, because
    /// the default is the daemon's to change.
    private static let host = Shape.object(
        limits.merging([
            "NetworkMode": .text(Words.name), "PortBindings": .map(Words.port, .list(binding, max: 4), max: 64),
            "Binds": .list(.text(.plain(max: 2100)), max: 64), "Mounts": .list(mount, max: 64),
            "Tmpfs": .map(Words.path, .text(temporary), max: 16),
            "SecurityOpt": .list(.text(.one(of: "no-new-privileges:true", "no-new-privileges")), max: 2),
            "CapDrop": .list(.text(capability), max: 64), "CapAdd": .list(.flag, max: 0),
            "ReadonlyRootfs": .flag, "Init": .flag, "Privileged": .only(false), "PublishAllPorts": .only(false),
            "ExtraHosts": .list(.text(extraHost), max: 64), "LogConfig": log,
        ]) { $1 }, needs: ["NetworkMode"])

    static let update = Shape.object(limits)

    private static let limits: [String: Shape] = [
        "Memory": .number(0...(1 << 44)), "MemorySwap": .number(-1...(1 << 45)),
        "NanoCpus": .number(0...4_096_000_000_000), "PidsLimit": .number(-1...4_194_304),
        "RestartPolicy": .object(
            [
                "Name": .text(.one(of: "", "no", "always", "unless-stopped", "on-failure")),
                "MaximumRetryCount": .number(0...1000),
            ], needs: ["Name"]),
    ]

    /// No terminal, no standard input and no privileges: the output is read, the exit code is asked for.
    static let exec = Shape.object(
        [
            "AttachStdout": .flag, "AttachStderr": .flag, "AttachStdin": .only(false), "Tty": .only(false),
            "Privileged": .only(false), "Cmd": argv, "Env": env, "User": .text(Words.user),
            "WorkingDir": .text(Words.path),
        ], needs: ["Cmd"])

    static let execStart = Shape.object(["Detach": .flag, "Tty": .only(false)])

    /// No options: those of a bridge reach into the host's packet filter, other drivers take its interfaces.
    static let network = Shape.object(
        [
            "Name": .text(Words.name), "CheckDuplicate": .flag, "Driver": .text(.one(of: "bridge")), "Internal": .flag,
            "Labels": labels,
        ], needs: ["Name", "Driver", "Labels"])

    /// No driver and no options: `o=bind,device=/` is the host's root.
    static let volume = Shape.object(
        ["Name": .text(Words.name), "Driver": .text(.one(of: "local")), "Labels": labels], needs: ["Name", "Labels"])

    private static let argv = Shape.list(.text(.plain(max: 65_536)), max: 256)
    private static let env = Shape.list(.text(.plain(max: 131_072)), max: 1024)
    private static let labels = Shape.map(Words.label, .text(.plain(max: 4096)), max: 64)

    private static let healthcheck = Shape.object([
        "Test": argv, "Interval": .number(0...86_400_000_000_000), "Timeout": .number(0...86_400_000_000_000),
        "Retries": .number(0...1000), "StartPeriod": .number(0...86_400_000_000_000),
    ])

    private static let binding = Shape.object([
        "HostIp": .text(Word("an IP address") { Words.isSimple($0, 0...45, ".:") }),
        "HostPort": .text(Word("a port from 1024 on, or 0") { $0 == "0" || Word.number(1024...65_535).fits($0) }),
    ])

    /// No options of a bind (they propagate mounts to the host) nor of a volume (they name a driver).
    private static let mount = Shape.object(
        [
            "Type": .text(.one(of: "bind", "volume")), "Source": .text(Word.plain(max: 1024)),
            "Target": .text(Words.path), "ReadOnly": .flag,
        ], needs: ["Type", "Source", "Target"])

    private static let temporary = Word("options of size=, mode=, uid=, gid=, ro, rw, noexec, nosuid and nodev") {
        text in
        text.utf8.count <= 200
            && (text.isEmpty
                || text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { option in
                    if ["ro", "rw", "noexec", "nosuid", "nodev"].contains(option) { return true }
                    let parts = option.split(separator: "=", omittingEmptySubsequences: false)
                    return parts.count == 2 && ["size", "mode", "uid", "gid"].contains(parts[0])
                        && Words.isSimple(parts[1], 1...16, "")
                })
    }

    private static let capability = Word("a capability") { Words.isSimple($0, 2...40, "_") }

    private static let extraHost = Word("name:address") { text in
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return parts.count == 2 && Words.hostname.fits(parts[0]) && Words.isSimple(parts[1], 1...64, ".:-")
    }

    /// Other drivers send what is said to wherever the options say, from the daemon's network.
    private static let log = Shape.object(
        [
            "Type": .text(.one(of: "json-file", "local", "journald", "none")),
            "Config": .map(
                .one(of: "max-size", "max-file", "compress", "mode", "max-buffer-size"),
                .text(Word("a number or word") { Words.isSimple($0, 1...20, "-") }), max: 8),
        ], needs: ["Type"])
}
