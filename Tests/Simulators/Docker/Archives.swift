import Foundation

extension DockerWorld {
    mutating func putArchive(_ request: EngineRequest) throws -> EngineReply {
        let (container, path) = try archivePlace(request)
        guard let folder = file(path, in: container) else { throw noFile(path, request) }
        guard folder.kind == .folder else {
            throw EngineRefusal(isOld ? 500 : 400, "extraction point is not a directory")
        }
        guard !isReadOnly(path, in: container) else {
            throw EngineRefusal(403, "mounted volume is marked read-only")
        }
        guard !(request.bytes.starts(with: [0x1f, 0x8b]) || request.bytes.starts(with: Array("BZh".utf8))) else {
            breach(.notModelled, "a compressed archive")
            throw EngineRefusal(500, "compressed archives are not simulated")
        }
        guard let entries = try? Tar.read(request.bytes) else {
            throw EngineRefusal(
                isOld ? 500 : 400, "Error processing tar file(exit status 1): archive/tar: invalid tar header")
        }
        for entry in entries {
            let target = Self.clean(path + "/" + entry.path)
            guard target != Self.clean(path) else { continue }
            if let old = file(target, in: container), request.flag("noOverwriteDirNonDir"),
                (old.kind == .folder) != (entry.file.kind == .folder)
            {
                throw EngineRefusal(isOld ? 500 : 400, "cannot overwrite directory with non-directory: \(target)")
            }
            write(entry.file, at: target, in: container.id)
        }
        emit(container: container.id, "extract-to-dir", ["path": path])
        return .empty(200)
    }

    mutating func getArchive(_ request: EngineRequest) throws -> EngineReply {
        let (container, path) = try archivePlace(request)
        guard let found = file(path, in: container) else { throw noFile(path, request) }
        let base = Self.clean(path).split(separator: "/").last.map(String.init) ?? "/"
        var entries = [Tar.Entry(path: base, file: found)]
        let root = Self.clean(path)
        if found.kind == .folder {
            for (path, file) in inside(root, container) {
                let rest = path.dropFirst(root == "/" ? 0 : root.utf8.count)
                entries.append(Tar.Entry(path: base + rest, file: file))
            }
        }
        emit(container: container.id, "archive-path", ["path": path])
        return .bytes(200, [("Content-Type", "application/x-tar"), stat(base, found)], Tar.write(entries))
    }

    mutating func statPath(_ request: EngineRequest) throws -> EngineReply {
        let (container, path) = try archivePlace(request)
        guard let found = file(path, in: container) else { throw noFile(path, request) }
        let base = Self.clean(path).split(separator: "/").last.map(String.init) ?? "/"
        return .bytes(200, [("Content-Type", "application/json"), stat(base, found)], [])
    }

    private func archivePlace(_ request: EngineRequest) throws -> (EngineContainer, String) {
        let container = try container(request.target)
        guard let path = request.query["path"], !path.isEmpty else {
            throw EngineRefusal(400, "bad parameter: path cannot be empty")
        }
        return (container, path)
    }

    private func noFile(_ path: String, _ request: EngineRequest) -> EngineRefusal {
        EngineRefusal(404, "Could not find the file \(path) in container \(request.target)")
    }

    /// Base64 of JSON; the kind is in the highest bits of Go's file mode.
    private func stat(_ name: String, _ file: DockerSimulator.File) -> (name: String, value: String) {
        var mode = file.mode
        var target = ""
        switch file.kind {
        case .file: break
        case .folder: mode |= 1 << 31
        case .link(let path):
            mode |= 1 << 27
            target = path
        }
        let json: JSON = [
            "name": .string(name), "size": .int(file.bytes.count), "mode": .int(mode),
            "mtime": .string(Timestamp.text(Date(timeIntervalSince1970: Double(file.changedAt)))),
            "linkTarget": .string(target),
        ]
        return ("X-Docker-Container-Path-Stat", Data(json.description.utf8).base64EncodedString())
    }
}
