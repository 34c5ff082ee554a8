import Foundation
import Support

/// A worker process, held by its parent.
struct WorkerChild: Sendable {
    let order: WorkerOrder
    let daemon: BenchDaemon
    private let progress: ProgressFile

    /// Started and READY, at work only after ``begin()``.
    static func start(
        _ rig: QueueRig, _ name: String, _ adjust: (inout WorkerOrder) -> Void = { _ in }
    ) async throws -> WorkerChild {
        let folder = try TemporaryFolder.make("worker")
        var order = WorkerOrder(
            url: rig.url(user: "converged_daemon"), name: name, progressFile: folder + "/progress")
        adjust(&order)
        if order.startsFile != nil { order.startsFile = folder + "/starts" }
        let text = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
        let process = try await ChildProcess.start(
            [Command.built("bench"), WorkerOrder.verb, text], directory: folder, name: name)
        let child = WorkerChild(
            order: order, daemon: BenchDaemon(process), progress: try ProgressFile(order.progressFile))
        try await child.daemon.waitForReady()
        return child
    }

    func begin() { daemon.process.kill(SIGUSR1) }

    /// Jobs whose end the database has taken.
    var ended: Int { Int(progress.value) }

    func starts() throws -> [StartLog.Start] { try StartLog.read(order.startsFile ?? "") }

    /// - Throws: `Mishap` when the worker had something to complain of.
    func stop() async throws {
        await daemon.stop()
        let complaints = (try? String(contentsOfFile: daemon.process.standardError, encoding: .utf8)) ?? ""
        guard complaints.isEmpty else { throw Mishap(description: "worker \(order.name): \(complaints.prefix(2_000))") }
    }
}

extension BenchDaemon {
    /// Until it has said so on its standard output.
    func waitForReady() async throws {
        try await eventually("\(process.standardOutput) says READY", within: .seconds(30)) {
            guard process.isRunning else { throw Mishap(description: "a child ended: \(process.log)") }
            return ((try? String(contentsOfFile: process.standardOutput, encoding: .utf8)) ?? "").contains("READY")
        }
    }
}
