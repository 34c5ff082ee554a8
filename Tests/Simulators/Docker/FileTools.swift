/// The few programs that move files about in a container of their own, by their argument lists: `true`, `rm -rf PATH`,
/// `mkdir -p PATH`, and `find FOLDER -mindepth 1 -maxdepth 1 [! -name NAME] [-exec mv -f {} TARGET/ ;]`.
extension DockerWorld {
    /// Exit code and what it says.
    mutating func runTool(_ container: EngineContainer) -> (code: Int, lines: [String]) {
        let words = ["Entrypoint", "Cmd"].flatMap { (container.config[$0]?.items ?? []).compactMap(\.string) }
        switch words.first {
        case "true": return (0, [])
        case "rm" where words.count == 3 && words[1] == "-rf":
            for (path, _) in inside(Self.clean(words[2]), container) { remove(path, in: container.id) }
            remove(words[2], in: container.id)
            return (0, [])
        case "mkdir" where words.count == 3 && words[1] == "-p":
            var path = ""
            for part in words[2].split(separator: "/") {
                path += "/" + part
                guard let now = containers[container.id] else { break }
                if file(path, in: now) == nil { write(.folder, at: path, in: container.id) }
            }
            return (0, [])
        case "find": return find(words, container)
        default:
            breach(.notModelled, "the program \(words.joined(separator: " "))")
            return (127, ["not found"])
        }
    }

    private mutating func find(_ words: [String], _ container: EngineContainer) -> (code: Int, lines: [String]) {
        let folder = Self.clean(words.count > 1 ? words[1] : "/")
        guard file(folder, in: container) != nil else {
            return (1, ["find: '\(folder)': No such file or directory"])
        }
        let hidden = words.firstIndex(of: "-name").map { words[$0 + 1] }
        let names = Set(
            inside(folder, container).compactMap {
                $0.path.dropFirst(folder.utf8.count + 1).split(separator: "/").first
            })
        let found = names.filter { $0 != hidden ?? "" }.map { folder + "/" + $0 }.sorted()
        guard let place = words.firstIndex(of: "mv") else { return (0, found) }
        for path in found { move(tree: path, into: Self.clean(words[place + 3]), container) }
        return (0, [])
    }

    /// A rename within one file system: all of it at once.
    private mutating func move(tree path: String, into folder: String, _ container: EngineContainer) {
        let start = path.utf8.count - path.split(separator: "/").last!.utf8.count
        for (old, file) in inside(path, container) + (file(path, in: container).map { [(path, $0)] } ?? []) {
            remove(old, in: container.id)
            write(file, at: folder + "/" + old.dropFirst(start), in: container.id)
        }
    }
}
