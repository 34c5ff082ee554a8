import Foundation

/// A booted tree with a systemd of its own as process 1. Shares the network of this machine, so a database or a
/// simulator on loopback is reached from inside. One boots at a time on a machine (they share a control group):
/// a second one waits for the first to shut down. It ends with the test process, however that ends.
public final class BootedMachine: Sendable {
    /// Ends with the machine.
    private let ends: AsyncStream<Never>
    /// Held open: when it closes, by ``shutdown()`` or by the end of this process, the machine goes down.
    private let life: Pipe
    private let leader: String

    private init(ends: AsyncStream<Never>, life: Pipe, leader: String) {
        self.ends = ends
        self.life = life
        self.leader = leader
    }

    /// Runs a program inside, as root.
    public func run(_ argv: [String]) async throws -> Command {
        try await Command.run(["nsenter", "--target", leader, "--all"] + argv)
    }

    /// The output of a program inside that must succeed.
    @discardableResult
    public func check(_ argv: [String]) async throws -> String {
        try await Command.check(["nsenter", "--target", leader, "--all"] + argv)
    }

    /// All entries of a unit, with its native fields: those of its processes and those of systemd about it.
    public func journal(unit: String) async throws -> [[String: String]] {
        try await check(["journalctl", "--sync"])
        let text = try await check(["journalctl", "--unit=\(unit)", "--all", "--output=json", "--no-pager"])
        return try text.split(separator: "\n").map { line in
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return entry.compactMapValues { $0 as? String }
        }
    }

    /// A property of a unit, by `systemctl show`: `StatusText`, `NRestarts`, `Result`, …
    public func property(_ name: String, of unit: String) async throws -> String {
        try await check(["systemctl", "show", "--property=\(name)", "--value", unit]).trimmed
    }

    /// Waits until a property has a value that fits, and returns it.
    @discardableResult
    public func wait(
        for name: String, of unit: String, within seconds: Int = 60, where fits: (String) -> Bool
    ) async throws -> String {
        var value = ""
        for _ in 0..<(seconds * 20) {
            value = try await property(name, of: unit)
            if fits(value) { return value }
            try await Task.sleep(for: .milliseconds(50))
        }
        let state = try await run(["systemctl", "status", "--no-pager", "--full", unit]).output
        throw Command.Failure(description: "\(name) of \(unit) is still '\(value)' after \(seconds) s:\n\(state)")
    }

    /// Shuts down in order and removes all traces.
    public func shutdown() async throws {
        try life.fileHandleForWriting.close()
        for await _ in ends {}
    }

    static func boot(_ tree: SystemdTree, _ installation: Installation) async throws -> BootedMachine {
        let folder = try await Command.check(["mktemp", "-d", "/var/tmp/converged-machine-XXXXXX"]).trimmed
        try await installation.write(to: folder + "/upper", above: tree.path)
        let process = Process()
        let life = Pipe()
        _ = fcntl(life.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments =
            ["-c", script, folder, tree.path, installation.enabled.joined(separator: " ")]
            + installation.binds.map { "--bind=\($0.key):\($0.value)" }
        process.standardInput = life
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ends, ending) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in ending.finish() }
        try process.run()
        // Only the child keeps the reading end: it must notice when this process ends.
        try life.fileHandleForReading.close()
        let leader = try await leader(folder)
        return BootedMachine(ends: ends, life: life, leader: leader)
    }

    /// The way up, and the way down when standard input ends.
    private static let script = """
        folder=$0 tree=$1 enabled=$2; shift 2
        exec 9>"$tree.lock" && flock 9
        cd "$folder" && mkdir work root && exec 2>log >&2
        mount -t overlay overlay -o "lowerdir=$tree,upperdir=$folder/upper,workdir=$folder/work" root &&
        ldconfig -r root && journalctl --root="$folder/root" --update-catalog &&
        if [ "$enabled" ]; then systemctl --root="$folder/root" enable $enabled; fi &&
        exec 8>&9 9>&- &&
        { systemd-nspawn --directory=root --machine="${folder##*-}" --boot --register=no --keep-unit \\
            --console=pipe --quiet "$@" 8>&- & echo $! > pid.new; mv pid.new pid; } || echo failed > failed
        read line
        [ -f pid ] && kill "$(cat pid)"; wait
        umount root; cd / && rm -rf "$folder"
        """

    /// The first process inside, seen from here, once its boot is over.
    private static func leader(_ folder: String) async throws -> String {
        for _ in 0..<1200 {
            try await Task.sleep(for: .milliseconds(50))
            if FileManager.default.fileExists(atPath: folder + "/failed") { break }
            guard let pid = try? String(contentsOfFile: folder + "/pid", encoding: .utf8).trimmed else { continue }
            guard FileManager.default.fileExists(atPath: "/proc/\(pid)") else { break }
            let child = try await Command.run(["pgrep", "--parent", pid]).output.trimmed
            guard isFirstProcess(child) else { continue }
            let state = try await Command.run(
                ["nsenter", "--target", child, "--all", "systemctl", "is-system-running", "--wait"])
            if ["running", "degraded"].contains(state.output.trimmed) { return child }
        }
        let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? ""
        throw SystemdTree.Unavailable(description: "systemd-nspawn did not boot the tree: \(log.suffix(2000))")
    }

    /// nspawn's child is on its way to become process 1 of a namespace of its own; before that it is still outside.
    private static func isFirstProcess(_ pid: String) -> Bool {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") } ?? ""
        let ids = line.split(whereSeparator: \.isWhitespace).dropFirst()
        return ids.count > 1 && ids.last == "1"
    }
}
