import ArgumentParser
import FoundationEssentials
import Glibc
import Operator

struct EnqueueCommand: AsyncParsableCommand {
    enum Mode: String, CaseIterable, ExpressibleByArgument { case reject, keep, replace, wake }

    static let configuration = CommandConfiguration(
        commandName: "enqueue",
        abstract: "Makes a job.",
        discussion: """
            Arguments are a JSON object. Others see a command line: read what they must not \
            see with --args-file, or from standard input.

              converged jobs enqueue prune --args '{"days": 7}'
              converged jobs enqueue mail --args-file mail.json --delay 5m
              pass show mail | converged jobs enqueue mail --args-file -
              converged jobs enqueue report --key ada --mode replace --needs 4711
            """)

    @Argument(help: "The kind of job.") var kind: String
    @Option(help: "The arguments, a JSON object; no secrets.") var args: String?
    @Option(help: "A file with the arguments; - is standard input.") var argsFile: String?
    @Option(help: "Of jobs of a kind with the same key only one waits or runs.") var key: String?
    @Option(help: "What a second job of a key does.") var mode = Mode.keep
    @Option(help: "Instead of the kind's own queue.") var queue: String?
    @Option(help: "0: a user waits, to 8: whenever there is time; by itself 4.") var priority: Int?
    @Option(help: "Not before this time from now: 90s, 5m, 2h, 7d.") var delay: Span?
    @Option(help: "Jobs of a kind in a lane share the limit per lane.") var lane: String?
    @Option(parsing: .upToNextOption, help: "Numbers of jobs that must have settled before.") var needs: [Int64] = []
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard args == nil || argsFile == nil else {
            throw ValidationError("--args and --args-file exclude each other.")
        }
    }

    func run() async throws {
        var new = NewJob(kind: kind)
        new.args = try argsFile.map(Self.read) ?? args
        new.key = key
        new.mode = mode.rawValue
        new.queue = queue
        new.priority = priority
        new.delaySeconds = delay?.seconds
        new.lane = lane
        new.needs = needs
        try await Session.run(output) { try await $0.enqueueJob(new) }
    }

    /// Nothing else runs in the process yet, so reading may block.
    private static func read(_ path: String) throws -> String {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw VerbError(.usage, "can't read \(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16384)
        while bytes.count <= 1 << 20 {
            let count = Glibc.read(file, &part, part.count)
            guard count >= 0 else {
                throw VerbError(.usage, "can't read \(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
        throw VerbError(.usage, "\(path) is longer than a megabyte: store the data elsewhere and pass its id")
    }
}
