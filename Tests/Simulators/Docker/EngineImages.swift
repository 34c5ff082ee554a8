/// An image on the host.
struct EngineImage: Sendable {
    var id: String
    var tags: [String]
    var digest: String
    var image: DockerSimulator.Image
    var createdAt: Duration
}

/// `repo:tag`, with `latest` where nothing is said.
func tagged(_ reference: String) -> String {
    if reference.contains("@") { return reference }
    let last = reference.split(separator: "/").last ?? ""
    return last.contains(":") ? reference : reference + ":latest"
}

/// `repo` of `repo:tag` or `repo@digest`.
func repository(_ reference: String) -> String {
    if let at = reference.firstIndex(of: "@") { return String(reference[..<at]) }
    let whole = tagged(reference)
    return whole.lastIndex(of: ":").map { String(whole[..<$0]) } ?? whole
}

extension DockerWorld {
    func image(_ reference: String) -> EngineImage? {
        if let image = images[reference] ?? images["sha256:" + reference] { return image }
        let name = tagged(reference)
        if let named = images.values.first(where: { $0.tags.contains(name) }) { return named }
        guard let at = reference.firstIndex(of: "@") else { return nil }
        let digest = reference[reference.index(after: at)...]
        return images.values.first { $0.digest == digest && repository($0.image.reference) == repository(reference) }
    }

    mutating func inspectImage(_ request: EngineRequest) throws -> EngineReply {
        guard let found = image(request.target) else {
            let name = request.target
            throw EngineRefusal(404, "no such image: \(name): No such image: \(tagged(name))")
        }
        var body = json(found)
        body["Created"] = .string(text(found.createdAt))
        body["Os"] = "linux"
        body["Architecture"] = "amd64"
        body["Config"] = [
            "Env": .array(found.image.environment.map { .string($0) }), "User": .string(found.image.user),
            "Cmd": .array(found.image.command.map { .string($0) }),
            "Labels": .object(found.image.labels.mapValues { .string($0) }),
        ]
        return .json(200, body)
    }

    mutating func listImages(_ request: EngineRequest) throws -> EngineReply {
        let filters = try filters(request, known: ["before", "dangling", "label", "reference", "since"])
        let found = images.values.sorted { $0.id < $1.id }.filter { image in
            filters.allSatisfy { key, values in
                switch key {
                case "reference":
                    values.contains { value in
                        image.tags.contains { glob(value, matches: $0) || glob(value, matches: repository($0)) }
                    }
                case "dangling": values.contains(image.tags.isEmpty ? "true" : "false")
                case "label": values.allSatisfy { matches(label: $0, image.image.labels) }
                default: true
                }
            }
        }
        return .json(
            200,
            .array(
                found.map { image in
                    var body = json(image)
                    body["Created"] = .int(unixSeconds(image.createdAt))
                    body["Labels"] = .object(image.image.labels.mapValues { .string($0) })
                    body["Containers"] = -1
                    return body
                }))
    }

    private func json(_ image: EngineImage) -> JSON {
        [
            "Id": .string(image.id), "RepoTags": .array(image.tags.map { .string($0) }),
            "RepoDigests": [.string(repository(image.image.reference) + "@" + image.digest)],
            "Size": .int(image.image.sizeBytes), "ParentId": "",
        ]
    }

    mutating func removeImage(_ request: EngineRequest) throws -> EngineReply {
        let name = request.target
        guard let found = image(name) else { throw EngineRefusal(404, "No such image: \(tagged(name))") }
        let users = containers.values.filter { $0.imageID == found.id }
        let isByTag = found.tags.contains(tagged(name))
        if let user = users.first(where: \.isRunning) ?? users.first, !isByTag || found.tags.count == 1 {
            let isForced = request.flag("force") && !user.isRunning
            let words =
                isByTag
                ? "conflict: unable to remove repository reference \"\(name)\" (must force) - container "
                    + "\(user.id.prefix(12)) is using its referenced image \(found.id.dropFirst(7).prefix(12))"
                : "conflict: unable to delete \(found.id.dropFirst(7).prefix(12)) (cannot be forced) - image is being "
                    + "used by running container \(user.id.prefix(12))"
            guard isForced else { throw EngineRefusal(409, words) }
        }
        let leaving = isByTag ? [tagged(name)] : found.tags
        images[found.id]?.tags.removeAll { leaving.contains($0) }
        var report: [JSON] = leaving.map { ["Untagged": .string($0)] }
        for tag in leaving { emit("image", "untag", id: found.id, ["name": tag]) }
        if images[found.id]?.tags.isEmpty ?? false, users.isEmpty {
            images[found.id] = nil
            report.append(["Deleted": .string(found.id)])
            emit("image", "delete", id: found.id, ["name": found.id])
        }
        return .json(200, .array(report))
    }
}
