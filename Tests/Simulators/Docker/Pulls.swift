/// A pull that is under way.
struct Pull: Sendable {
    var id: String
    var images: [DockerSimulator.Image]
    var lines: [JSON] = []
    var failure: DockerSimulator.PullFailure?
    var isOver = false
}

extension DockerWorld {
    mutating func pullImage(_ request: EngineRequest) throws -> EngineReply {
        guard let from = request.query["fromImage"], !from.isEmpty else {
            breach(.notModelled, "an import instead of a pull")
            throw EngineRefusal(400, "invalid reference format")
        }
        guard from.lowercased() == from else {
            throw EngineRefusal(400, "invalid reference format: repository name must be lowercase")
        }
        let tag = request.query["tag"] ?? ""
        let name = tag.isEmpty ? from : from + (tag.hasPrefix("sha256:") ? "@" : ":") + tag
        let hasTag = !tag.isEmpty || name.contains("@") || tagged(name) == name
        let failure = failure(of: tagged(name))
        try refuse(failure, name)
        let repo = repository(name)
        let known = registry.values.filter { repository($0.reference) == repo }.sorted { $0.reference < $1.reference }
        guard !known.isEmpty else {
            throw EngineRefusal(
                404,
                "pull access denied for \(repo), repository does not exist or may require 'docker login': denied: "
                    + "requested access to the resource is denied")
        }
        let wanted = known.filter {
            !hasTag || $0.reference == name || name.hasSuffix("@" + ($0.digest ?? "none"))
        }
        guard !wanted.isEmpty else {
            throw EngineRefusal(isOld ? 500 : 404, "manifest for \(name) not found: manifest unknown: manifest unknown")
        }
        if wanted.contains(where: { $0.login != nil && $0.login != request.login }) {
            let host = repo.split(separator: "/").first ?? ""
            let path = repo.split(separator: "/").dropFirst().joined(separator: "/")
            throw EngineRefusal(
                500, "Head \"https://\(host)/v2/\(path)/manifests/\(tag)\": unauthorized: authentication required")
        }
        return follow(Pull(id: randomness.hex(16), images: wanted, failure: failure), name)
    }

    private mutating func failure(of name: String) -> DockerSimulator.PullFailure? {
        let place = pullRules.lastIndex { $0.times != 0 && glob($0.reference, matches: name) }
        guard let place else { return nil }
        if let times = pullRules[place].times { pullRules[place].times = times - 1 }
        return pullRules[place].failure
    }

    /// Failures before the stream begins.
    private func refuse(_ failure: DockerSimulator.PullFailure?, _ name: String) throws {
        let host = name.split(separator: "/").first ?? ""
        switch failure {
        case .unreachable?:
            throw EngineRefusal(
                500, "Get \"https://\(host)/v2/\": dial tcp: lookup \(host): no such host")
        case .rateLimited?:
            throw EngineRefusal(
                500,
                "toomanyrequests: You have reached your pull rate limit. You may increase the limit by "
                    + "authenticating and upgrading: https://www.docker.com/increase-rate-limit")
        case .status(let status, let words)?: throw EngineRefusal(status, words)
        default: break
        }
    }

    private mutating func follow(_ pull: Pull, _ name: String) -> EngineReply {
        var pull = pull
        for image in pull.images {
            let tag = image.reference.dropFirst(repository(image.reference).count + 1)
            pull.lines.append(["status": .string("Pulling from \(repository(name))"), "id": .string(String(tag))])
            for layer in 0..<image.layers {
                let id = JSON.string("layer\(layer)")
                pull.lines.append(["status": "Pulling fs layer", "progressDetail": [:], "id": id])
                pull.lines.append([
                    "status": "Downloading", "id": id, "progress": "[=====>     ]",
                    "progressDetail": ["current": 1024, "total": .int(image.sizeBytes / max(1, image.layers))],
                ])
            }
        }
        let id = pull.id
        pulls[id] = pull
        let time = pull.images.map(\.pullDuration).max() ?? .zero
        if pull.failure == .stalls {
            // Nothing is planned: no end comes.
        } else if time > .zero {
            plan(after: time, .pullEnd(id))
        } else {
            finish(pull: id)
        }
        return .stream(
            200, [("Content-Type", "application/json")],
            Follow(subject: id) { world, cursor in
                guard let now = world.pulls[id] else { return .end([]) }
                let text = now.lines.dropFirst(cursor).map { $0.description + "\r\n" }.joined()
                cursor = now.lines.count
                if now.isOver { return .end(Array(text.utf8)) }
                return text.isEmpty ? .pending : .bytes(Array(text.utf8))
            })
    }

    mutating func finish(pull id: String) {
        guard var pull = pulls[id] else { return }
        switch pull.failure {
        case .diskFull?: pull.fail("write /var/lib/docker/tmp/GetImageBlob123: no space left on device")
        case .inStream(let words)?: pull.fail(words)
        default:
            for image in pull.images {
                let isNew = store(image)
                let words = isNew ? "Downloaded newer image for " : "Image is up to date for "
                pull.lines.append(["status": .string("Digest: \(image.digest ?? "")")])
                pull.lines.append(["status": .string("Status: " + words + image.reference)])
            }
        }
        pull.isOver = true
        pulls[id] = pull
        touch(id)
    }

    /// Puts an image on the host; true when it was not there. A tag that moved leaves the older image without it.
    @discardableResult mutating func store(_ image: DockerSimulator.Image) -> Bool {
        let digest = image.digest ?? ""
        // The id is another digest than that of the manifest.
        let id = "sha256:" + String(digest.dropFirst(7).reversed())
        let name = tagged(image.reference)
        let isNew = !(images[id]?.tags.contains(name) ?? false)
        for other in Array(images.keys) where other != id { images[other]?.tags.removeAll { $0 == name } }
        var kept = images[id] ?? EngineImage(id: id, tags: [], digest: digest, image: image, createdAt: now)
        kept.image = image
        if isNew { kept.tags.append(name) }
        images[id] = kept
        emit("image", "pull", id: name, ["name": repository(name)])
        return isNew
    }
}

extension Pull {
    fileprivate mutating func fail(_ words: String) {
        lines.append(["errorDetail": ["message": .string(words)], "error": .string(words)])
    }
}
