extension DockerWorld {
    private enum Place {
        case layer(String)
        /// Outlives the container.
        case host(String, isReadOnly: Bool)
    }

    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    private func place(_ path: String, in container: EngineContainer) -> Place {
        for bind in container.binds where path == bind.path || path.hasPrefix(bind.path + "/") {
            return .host(bind.source + path.dropFirst(bind.path.utf8.count), isReadOnly: bind.isReadOnly)
        }
        return .layer(path)
    }

    /// `nil` where nothing is. Folders of the image, places of binds, and what has files in it are folders.
    func file(_ path: String, in container: EngineContainer) -> DockerSimulator.File? {
        let path = Self.clean(path)
        switch place(path, in: container) {
        case .layer(let path): if let file = container.layer[path] { return file }
        case .host(let path, _): if let file = hostFiles[path] { return file }
        }
        let isBase = path == "/" || options.folders.contains(path) || path == container.config["WorkingDir"]?.string
        let isBind = container.binds.contains { $0.path == path || $0.path.hasPrefix(path + "/") }
        return isBase || isBind || !inside(path, container).isEmpty ? .folder : nil
    }

    /// All that is below a folder, path to file.
    func inside(_ folder: String, _ container: EngineContainer) -> [(path: String, file: DockerSimulator.File)] {
        let start = folder == "/" ? "/" : folder + "/"
        var found = container.layer.filter { $0.key.hasPrefix(start) }
        for bind in container.binds {
            for (path, file) in hostFiles where path.hasPrefix(bind.source + "/") {
                let seen = bind.path + path.dropFirst(bind.source.utf8.count)
                if seen.hasPrefix(start) { found[seen] = file }
            }
        }
        return found.sorted { $0.key < $1.key }.map { (path: $0.key, file: $0.value) }
    }

    func isReadOnly(_ path: String, in container: EngineContainer) -> Bool {
        switch place(Self.clean(path), in: container) {
        case .layer: container.host["ReadonlyRootfs"]?.bool ?? false
        case .host(_, let isReadOnly): isReadOnly
        }
    }

    mutating func write(_ file: DockerSimulator.File, at path: String, in id: String) {
        guard let container = containers[id] else { return }
        var file = file
        if file.changedAt == 0 { file.changedAt = unixSeconds(now) }
        switch place(Self.clean(path), in: container) {
        case .layer(let path): change(id) { $0.layer[path] = file }
        case .host(let path, _): hostFiles[path] = file
        }
    }

    mutating func remove(_ path: String, in id: String) {
        guard let container = containers[id] else { return }
        switch place(Self.clean(path), in: container) {
        case .layer(let path): change(id) { $0.layer[path] = nil }
        case .host(let path, _): hostFiles[path] = nil
        }
    }

    mutating func move(_ old: String, to new: String, in id: String) {
        guard let container = containers[id], let file = file(old, in: container) else { return }
        remove(old, in: id)
        write(file, at: new, in: id)
    }
}
