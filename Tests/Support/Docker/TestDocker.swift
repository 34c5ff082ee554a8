import Foundation

/// A Docker daemon of the test process's own, in namespaces of its own: when it goes, containerd, containers and mounts
/// go with it, however the tests end. Ports are the host's; there is no default bridge, and no packet filter is touched.
public final class TestDocker: Sendable {
    /// Image that holds busybox: `sh`, `sleep`, `httpd`, `nc`, `stat` and the like.
    public static let image = "local/box:1"
    /// The one that tests share; those that stop theirs start one.
    public static var shared: TestDocker { get async throws { try await running.value } }
    private static let running = Task { try await TestDocker.start() }

    public let folder: String
    public let certificates: Certificates
    /// Where it takes mutual TLS, on 127.0.0.1.
    public let port: Int
    public var socket: String { folder + "/docker.sock" }
    private let life: Life

    /// Holds the process, which is another one after a restart.
    private actor Life {
        var process: ChildProcess?
        var starts = 0

        func run(_ folder: String) async throws -> ChildProcess {
            starts += 1
            try? FileManager.default.removeItem(atPath: folder + "/docker.sock")
            let variables = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
            let started = try await ChildProcess.start(
                ["/bin/sh", "-c", TestDocker.script, "sh", folder, TestDocker.group(of: folder)],
                environment: variables, directory: folder, name: "dockerd-\(starts)", deathSignal: "TERM")
            process = started
            return started
        }

        func end() async {
            process?.kill(SIGTERM)
            await process?.wait()
            process = nil
        }
    }

    private init(folder: String, certificates: Certificates, port: Int, life: Life) {
        self.folder = folder
        self.certificates = certificates
        self.port = port
        self.life = life
    }

    public static func start() async throws -> TestDocker {
        let folder = try TemporaryFolder.make("docker")
        try "{}".write(toFile: folder + "/config.json", atomically: false, encoding: .utf8)
        let certificates = try await Certificates.make(in: folder)
        let life = Life()
        let process = try await life.run(folder)
        try await waitUntilReady(folder, process)
        let log = process.log
        let listening = log.components(separatedBy: "API listen on 127.0.0.1:")
        guard listening.count > 1, let port = Int(listening[1].prefix { $0.isNumber }) else {
            throw Failure(description: "dockerd does not say where it listens: \(log.suffix(2000))")
        }
        let docker = TestDocker(folder: folder, certificates: certificates, port: port, life: life)
        try await docker.makeImage(image, marker: "first")
        return docker
    }

    /// Ends it at once, as a crash would; its containers end too.
    public func stop() async { await life.end() }

    /// After `stop`, on the same data and socket (its TCP port is another one then).
    public func startAgain() async throws {
        try await Self.waitUntilReady(folder, try await life.run(folder))
    }

    /// The command line client.
    @discardableResult public func command(_ arguments: [String]) async throws -> String {
        try await Command.check(["docker", "--config", folder + "/client", "-H", "unix://" + socket] + arguments)
    }

    /// An image with busybox, and a file that makes it differ from others.
    public func makeImage(_ reference: String, marker: String) async throws {
        let root = "\(folder)/image-\(UUID().uuidString.prefix(8))"
        let links = "cd \(root) && mkdir -p bin etc tmp && cp /bin/busybox bin/ && bin/busybox --install -s bin"
        // The links that it makes name the path it was called by.
        let relative = "for l in bin/*; do [ ! -L $l ] || ln -sf busybox $l; done; chmod 1777 tmp"
        let files = "echo root:x:0:0:root:/:/bin/sh >etc/passwd && tar -cf ../\(root.split(separator: "/").last!).tar ."
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        try marker.write(toFile: root + "/marker", atomically: false, encoding: .utf8)
        try await Command.check(["sh", "-ec", "\(links); \(relative); \(files)"])
        try await command(["import", "--change", "ENV PATH=/bin", root + ".tar", reference])
        for path in [root, root + ".tar"] { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func waitUntilReady(_ folder: String, _ process: ChildProcess) async throws {
        try await eventually("dockerd listens", within: .seconds(60)) {
            guard process.isRunning else {
                throw Failure(description: "dockerd ended: \(process.log.suffix(2000))")
            }
            return process.log.contains("API listen on \(folder)/docker.sock")
                && process.log.contains("API listen on 127.0.0.1:")
        }
    }

    public struct Failure: Error, CustomStringConvertible { public let description: String }

    /// A control group that is this daemon's alone, so that what it leaves can be told from other people's.
    private static func group(of folder: String) -> String {
        "converged-" + (folder.split(separator: "/").last.map(String.init) ?? "docker")
    }

    /// The shell outlives the daemon to clear away what namespaces don't: control groups and bridges. A bridge is known
    /// by its address, out of a pool that this daemon has for itself; one that still has none after a while (and a MAC of
    /// docker's) was being made when its daemon was killed.
    private static let script = """
        folder=$1 group=$2
        rm -rf "$folder/exec" "$folder/pid"
        number=$(echo "$folder" | cksum | cut -d' ' -f1)
        pool=10.$((64 + number % 64)).$((number / 64 % 16 * 16)).0/20
        unshare --mount --pid --fork --kill-child --mount-proc sh -ec '
          for path in /run/containerd /run/docker /etc/docker /opt; do mkdir -p $path; mount -t tmpfs tmpfs $path; done
          exec dockerd --config-file $1/config.json --data-root $1/data --exec-root $1/exec --pidfile $1/pid \
            -H unix://$1/docker.sock -H tcp://127.0.0.1:0 --tlsverify --tlscacert $1/ca.pem \
            --tlscert $1/server.pem --tlskey $1/server.key --bridge=none --iptables=false --ip6tables=false \
            --cgroup-parent=/$2 --default-address-pool=base=$3,size=26' sh "$folder" "$group" "$pool" &
        daemon=$!
        trap 'kill -9 $daemon' TERM
        wait $daemon; wait $daemon
        # With what is plugged into it: a veth pair of a container that was being made is nobody else's.
        remove() {
          for member in "/sys/class/net/$1/brif/"*; do
            [ ! -e "$member" ] || ip link delete "${member##*/}"
          done
          ip link delete "$1"
        }
        ip -o -4 address show to "$pool" | while read -r number name rest; do
          case $name in br-*) remove "$name" ;; esac
        done
        bare() {
          for path in /sys/class/net/br-*; do
            case $(cat "$path/address" 2>/dev/null) in 02:42:*)
              [ -n "$(ip -o address show dev "${path##*/}" 2>&1)" ] || echo "${path##*/}" ;;
            esac
          done
        }
        young=" $(bare | tr '\\n' ' ')"
        [ "$young" = " " ] || sleep 2
        for name in $young; do
          case " $(bare | tr '\\n' ' ')" in *" $name "*) remove "$name" ;; esac
        done
        for try in 1 2 3 4 5; do
          find /sys/fs/cgroup -depth -path "*/$group*" -type d -exec rmdir {} + 2>/dev/null
          [ -n "$(find /sys/fs/cgroup -path "*/$group" -type d)" ] || break
          sleep 0.2
        done
        """
}
