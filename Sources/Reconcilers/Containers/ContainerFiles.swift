import FoundationEssentials
import Vendors

/// Reads and writes the files of a workload. What `place` replaces is kept in the new container's own layer, so that it
/// lives exactly as long as there may be a way back.
struct ContainerFiles: Sendable {
    let docker: DockerClient
    let files: [PlacedFile]

    /// Where the kept copy of a file is: in the root folder, which every image has.
    private func keptName(_ file: PlacedFile) -> String { ".converged-kept-" + file.name }

    func areRight(in id: String) async throws -> Bool {
        for file in files where try file.content(try await read(file.path, in: id)) != nil { return false }
        return true
    }

    /// Before the first start of a container that does not run.
    func place(in id: String) async throws {
        for file in files {
            let present = try await read(file.path, in: id)
            guard let wanted = try file.content(present) else { continue }
            if let present, try await read("/" + keptName(file), in: id) == nil {
                let kept = TarEntry.file(keptName(file), present, mode: 0o600)
                try await docker.putArchive([kept], into: id, at: "/")
            }
            try await put(wanted, as: file.name, file, in: id)
        }
    }

    /// Gives the former container its files back; nothing where nothing was replaced.
    func restore(from id: String) async throws {
        for file in files {
            guard let kept = try await read("/" + keptName(file), in: id) else { continue }
            try await put(kept, as: file.name, file, in: id)
        }
    }

    /// Under another name first, then renamed inside: who watches the file never sees half of it.
    func push(to id: String) async throws {
        for file in files {
            guard let wanted = try file.content(try await read(file.path, in: id)) else { continue }
            let temporary = "." + file.name + ".converged"
            try await put(wanted, as: temporary, file, in: id)
            let command = ["mv", "-f", file.folder + "/" + temporary, file.path]
            let result = try await docker.run(DockerExecSpec(command, user: "0"), in: id, timeout: .seconds(20))
            guard result.exitCode == 0 else {
                throw DockerError(
                    .failed, .startExec, target: id,
                    message: "mv of \(file.path) ended with \(result.exitCode): \(result.output.errorText.prefix(200))")
            }
        }
    }

    private func put(_ bytes: [UInt8], as name: String, _ file: PlacedFile, in id: String) async throws {
        let entry = TarEntry.file(name, bytes, mode: file.mode, userID: file.userID, groupID: file.groupID)
        try await docker.putArchive([entry], into: id, at: file.folder)
    }

    private func read(_ path: String, in id: String) async throws -> [UInt8]? {
        do {
            return try await docker.readFile(path, in: id)
        } catch let error as DockerError where error.kind == .noSuchPath {
            return nil
        }
    }
}
