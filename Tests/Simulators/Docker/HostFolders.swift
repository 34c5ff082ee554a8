/// Folders of the host that containers mount.
extension DockerWorld {
    /// Nothing is known of what the host has besides what was put there.
    func hasFolder(_ path: String) -> Bool {
        hostFiles[path] != nil || hostFiles.keys.contains { $0.hasPrefix(path + "/") }
    }

    /// Of the mounts in the long form, which make no folder; the first whose source is not there.
    func missingFolder(host: JSON) -> String? {
        (host["Mounts"]?.items ?? []).filter { $0["Type"]?.string == "bind" }.compactMap { $0["Source"]?.string }
            .first { !hasFolder($0) }
    }

    /// A start makes the missing folders of binds in the short form, as root's, and fails at those of the long form.
    mutating func mountFolders(of container: EngineContainer) throws {
        if let missing = missingFolder(host: container.host) {
            throw EngineRefusal(
                500,
                "failed to create shim: OCI runtime create failed: error mounting \"\(missing)\" to rootfs: mount "
                    + "\(missing): no such file or directory: unknown")
        }
        let long = Set((container.host["Mounts"]?.items ?? []).compactMap { $0["Source"]?.string })
        for bind in container.binds where bind.source.hasPrefix("/") && !long.contains(bind.source) {
            if !hasFolder(bind.source) { hostFiles[bind.source] = .folder }
        }
    }
}
