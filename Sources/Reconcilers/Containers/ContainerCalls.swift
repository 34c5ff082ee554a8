import FoundationEssentials
import Queue
import Synchronization
import Vendors

/// Carries out one action. No decision is taken here: a small switch from actions to calls.
struct ContainerCalls: Sendable {
    let docker: DockerClient
    let workload: Workload
    let lease: Lease

    func perform(_ action: ContainerAction, _ view: ContainerView) async throws -> ContainerResult {
        do {
            return try await call(action, view)
        } catch let error as DockerError {
            return .failed(ContainerProblem(error))
        } catch let fault as ContainerFault {
            return .failed(ContainerProblem(fault))
        }
    }

    private func call(_ action: ContainerAction, _ view: ContainerView) async throws -> ContainerResult {
        let files = ContainerFiles(docker: docker, files: workload.files)
        switch action {
        case .look:
            return .scene(try await ContainerLook(docker: docker, view: view).scene())
        case .lookImage:
            _ = try await docker.inspectImage(view.desired.shape.image)
            return .image(isThere: true)
        case .lookFiles(let id): return .files(areRight: try await files.areRight(in: id))
        case .lookLogs(let failure): return .log(try await tail(of: failure.id))
        case .probe(let id): return .finding(try await workload.probe(id))
        case .checklist(let id): return .checklist(try await workload.checklist?(id, lease) ?? .done)
        case .intend: break
        case .pull: try await pull(view.desired.shape.image)
        case .prepare: try await workload.prepare()
        case .create: return .created(id: try await create(view))
        case .makeData(let id): try await makeData(id, view)
        case .place(let id): try await files.place(in: id)
        case .restore(let id): try await files.restore(from: id)
        case .push(let id): try await files.push(to: id)
        case .start(let id): try await docker.startContainer(id)
        case .stop(let id): try await docker.stopContainer(id, graceSeconds: view.limits.graceSeconds)
        case .restart(let id, _): try await docker.restartContainer(id, graceSeconds: view.limits.graceSeconds)
        case .unpause(let id): try await docker.unpauseContainer(id)
        case .rename(let id, let name): try await docker.renameContainer(id, to: name)
        case .remove(let id): try await docker.removeContainer(id)
        }
        return .done
    }

    private func create(_ view: ContainerView) async throws -> String {
        let desired = view.desired
        let labels = [
            Marks.owner: desired.owner, Marks.droplet: desired.droplet, Marks.generation: String(desired.generation),
            Marks.spec: desired.specHash, Marks.epoch: String(view.memory.epoch),
        ]
        let spec = desired.shape.spec(
            name: desired.nextName, labels: labels, makesFolders: desired.data != nil && view.memory.dataMadeAt == nil)
        return try await docker.createContainer(spec).id
    }

    /// Docker makes the folder when something is first unpacked beside it; the entry gives it owner and mode.
    private func makeData(_ id: String, _ view: ContainerView) async throws {
        guard let data = view.desired.data, let slash = data.pathInside.lastIndex(of: "/") else { return }
        let name = String(data.pathInside[data.pathInside.index(after: slash)...])
        let parent = slash == data.pathInside.startIndex ? "/" : String(data.pathInside[..<slash])
        let entry = TarEntry.folder(name, mode: data.mode, userID: data.userID, groupID: data.groupID)
        try await docker.putArchive([entry], into: id, at: parent)
    }

    /// Layers that arrived are kept by Docker, so that a pull that was cut off goes on where it was.
    private func pull(_ image: String) async throws {
        let tally = PullTally()
        try await lease.report(done: nil, message: "pulls \(image)")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(2))
                    try await lease.report(done: tally.part, message: "pulls \(image)")
                }
            }
            defer { group.cancelAll() }
            let reference = try DockerImageReference(image)
            try await docker.pullImage(reference, timeout: .seconds(1800)) { tally.note($0) }
        }
    }

    /// What a container said last, without its secrets; empty when it said nothing.
    private func tail(of id: String) async throws -> String {
        let output = try await docker.logs(of: id, lines: 20)
        let text = (output.outputText + output.errorText).split(separator: "\n").suffix(20).joined(separator: "\n")
        return String(workload.redact(text).suffix(1500))
    }
}

/// How much of a pull has arrived, as far as its layers have told their sizes.
private final class PullTally: Sendable {
    private let layers = Mutex<[String: (current: Int64, total: Int64)]>([:])

    func note(_ progress: DockerPullProgress) {
        guard let layer = progress.layer, let total = progress.totalBytes, total > 0 else { return }
        layers.withLock { $0[layer] = (progress.currentBytes ?? 0, total) }
    }

    var part: Double? {
        layers.withLock { layers in
            let total = layers.values.reduce(0) { $0 + $1.total }
            return total == 0 ? nil : Double(layers.values.reduce(0) { $0 + $1.current }) / Double(total)
        }
    }
}
