import FoundationEssentials
import Vendors

/// Files: looked at, uploaded under another name beside their place, renamed by a command, looked at again.
extension StepWork {
    func write(_ file: WantedFile, _ known: ChecklistRun, _ step: ChecklistStep) async throws -> ChecklistRun {
        var run = known
        var hasBegun = false
        do {
            if try await difference(from: file) == nil {
                run.meet(nil, now: clock.now)
                return run
            }
            run.begin(now: clock.now)
            hasBegun = true
            try await put(file)
            let moved = try await docker.run(
                DockerExecSpec(["mv", "-f", file.temporaryPath, file.path], user: "0"), in: container,
                timeout: .seconds(settings.checkSeconds), maxBytes: 4096)
            guard moved.exitCode == 0 else {
                let words = clean(
                    "mv ended with \(moved.exitCode): \(moved.output.errorText)\(moved.output.outputText)")
                run.miss(words, .init(exitCode: moved.exitCode), of: step, now: clock.now)
                return run
            }
            if let difference = try await difference(from: file) {
                run.miss(clean("it was written, but \(difference)"), .init(), of: step, now: clock.now)
            } else {
                run.meet(.init(), now: clock.now)
            }
        } catch let error as DockerError where error.isOfStep {
            if !hasBegun { run.begin(now: clock.now) }
            run.miss(clean("\(error)"), .init(), of: step, now: clock.now)
        }
        return run
    }

    /// Nil when the file is as wanted. Never quotes content.
    private func difference(from wanted: WantedFile) async throws -> String? {
        let stat: DockerPathStat
        do {
            stat = try await docker.stat(wanted.path, in: container)
        } catch let error as DockerError where error.kind == .noSuchPath {
            return "it is not there"
        }
        guard !stat.isFolder else {
            throw DockerError(.invalid, .statPath, target: container, message: "\(wanted.path) is a folder")
        }
        guard stat.linkTarget == nil else { return "it is a link" }
        guard stat.sizeBytes == Int64(wanted.content.utf8.count) else { return "it has \(stat.sizeBytes) bytes" }
        let found = try await docker.file(wanted.path, in: container, maxBytes: wanted.content.utf8.count)
        guard found.bytes == Array(wanted.content.utf8) else { return "its content is another one" }
        guard found.userID == wanted.userID, found.groupID == wanted.groupID else {
            return "it belongs to \(Self.text(found.userID)):\(Self.text(found.groupID))"
        }
        guard found.mode == wanted.mode else { return "its mode is \(found.mode.map { String($0, radix: 8) } ?? "?")" }
        return nil
    }

    private static func text(_ number: Int?) -> String { number.map(String.init) ?? "?" }

    /// Uploads it under its temporary name, with the folders that are missing.
    private func put(_ file: WantedFile) async throws {
        var place = file.folder
        var missing: [String] = []
        while place != "/", try await !isFolder(place) {
            missing.insert(place, at: 0)
            place = WantedFile.parent(of: place)
        }
        let prefix = place == "/" ? 1 : place.utf8.count + 1
        func relative(_ path: String) -> String { String(decoding: path.utf8.dropFirst(prefix), as: UTF8.self) }
        let folders = missing.map {
            TarEntry.folder(relative($0), mode: file.folderMode, userID: file.userID, groupID: file.groupID)
        }
        let entry = TarEntry.file(
            relative(file.temporaryPath), Array(file.content.utf8), mode: file.mode, userID: file.userID,
            groupID: file.groupID)
        try await docker.putArchive(folders + [entry], into: container, at: place, timeout: .seconds(60))
    }

    /// A link counts: what it leads to is for the daemon to find.
    private func isFolder(_ path: String) async throws -> Bool {
        do {
            let stat = try await docker.stat(path, in: container)
            guard stat.isFolder || stat.linkTarget != nil else {
                throw DockerError(.invalid, .statPath, target: container, message: "\(path) is no folder")
            }
            return true
        } catch let error as DockerError where error.kind == .noSuchPath {
            return false
        }
    }
}
