/// What is there, for assertions.
extension DockerSimulator {
    public struct ContainerSnapshot: Sendable {
        public let id: String
        public let name: String
        public let image: String
        public let imageID: String
        /// `created`, `running`, `paused`, `restarting`, `exited`, `removing`.
        public let state: String
        public let exitCode: Int
        public let isOOMKilled: Bool
        /// `nil` without a health check.
        public let health: String?
        public let restartCount: Int
        public let labels: [String: String]
        public let environment: [String: String]
        public let binds: [String]
        /// What commands left in the layer.
        public let marks: Set<String>
        /// What was put into the layer, by path.
        public let layer: [String: File]
        public let gateway: Gateway
        public var isRunning: Bool { state == "running" }
    }

    public struct ImageSnapshot: Sendable {
        public let id: String
        public let tags: [String]
        public let digest: String
    }

    public struct ExecSnapshot: Sendable {
        public let id: String
        public let container: String
        public let command: [String]
        public let isRunning: Bool
        public let exitCode: Int?
    }

    /// In order of creation.
    public func containers() -> [ContainerSnapshot] {
        backend.locked { world in world.containers.values.sorted { $0.order < $1.order }.map(world.snapshot) }
    }

    /// By name or id.
    public func container(_ reference: String) -> ContainerSnapshot? {
        backend.locked { world in world.find(reference).flatMap { world.containers[$0] }.map(world.snapshot) }
    }

    public func images() -> [ImageSnapshot] {
        backend.locked { world in
            world.images.values.sorted { $0.id < $1.id }
                .map { ImageSnapshot(id: $0.id, tags: $0.tags.sorted(), digest: $0.digest) }
        }
    }

    /// In order of creation; those of containers that are gone are gone too. `container` is a name or id.
    public func execs(in container: String? = nil) -> [ExecSnapshot] {
        backend.locked { world in
            let id = container.map { world.find($0) ?? "" }
            return world.execOrder.compactMap { world.execs[$0] }.filter { id == nil || $0.container == id }.map {
                ExecSnapshot(
                    id: $0.id, container: world.containers[$0.container]?.name ?? $0.container, command: $0.command,
                    isRunning: $0.isRunning, exitCode: $0.exitCode)
            }
        }
    }

    /// What listens on the host for this container.
    public func gateway(of container: String) -> Gateway { self.container(container)?.gateway ?? .none }

    /// A file in a container's layer or in what is bound into it.
    public func file(_ path: String, in container: String) -> File? {
        backend.locked { world in
            world.find(container).flatMap { world.containers[$0] }.flatMap { world.file(path, in: $0) }
        }
    }

    /// A file of the host; in a named volume its path begins with `volume:<name>/`.
    public func hostFile(_ path: String) -> File? { backend.locked { $0.hostFiles[path] } }

    /// All that was put or made on the host, folders too.
    public func hostPaths() -> [String] { backend.locked { $0.hostFiles.keys.sorted() } }

    // MARK: Meddling, as somebody else on the host would

    public func setHostFile(_ path: String, _ file: File?) { backend.locked { $0.hostFiles[path] = file } }

    /// The process ends by itself, now.
    public func crash(_ container: String, code: Int = 1, isOOM: Bool = false) {
        backend.locked { world in world.find(container).map { world.end($0, code: code, isOOM: isOOM) } }
    }

    /// Out of the network that it was made for.
    public func disconnect(_ container: String) {
        backend.locked { world in world.find(container).map { world.change($0) { $0.isDisconnected = true } } }
    }

    /// Somebody removes it, and takes who is in it out of it first.
    public func removeNetwork(_ name: String) {
        backend.locked { world in
            guard let found = world.network(name) else { return }
            for container in world.containers.values where container.networkMode == found.name {
                world.change(container.id) { $0.isDisconnected = true }
            }
            world.networks[found.id] = nil
        }
    }

    public func pause(_ container: String) {
        backend.locked { world in
            guard let id = world.find(container) else { return }
            world.change(id) { $0.isPaused = true }
            world.emit(container: id, "pause")
        }
    }

    public func setHealth(_ container: String, isHealthy: Bool) {
        backend.locked { world in world.find(container).map { world.report($0, isHealthy: isHealthy) } }
    }

    /// Somebody removes it, running or not.
    public func removeContainer(_ container: String) {
        backend.locked { world in
            guard let id = world.find(container) else { return }
            world.change(id) { $0.isStoppedByUser = true }
            world.signal(id, 9)
            world.vanish(id)
        }
    }
}

extension DockerWorld {
    func snapshot(_ container: EngineContainer) -> DockerSimulator.ContainerSnapshot {
        .init(
            id: container.id, name: container.name, image: container.image, imageID: container.imageID,
            state: container.stateWord, exitCode: container.exitCode, isOOMKilled: container.isOOMKilled,
            health: container.health, restartCount: container.restartCount, labels: container.labels,
            environment: container.environment,
            binds: container.binds.map { "\($0.source):\($0.path)" }.sorted(), marks: container.marks,
            layer: container.layer, gateway: gateway(of: container))
    }
}
