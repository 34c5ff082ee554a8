import FoundationEssentials

extension DockerClient {
    /// - Parameter image: reference or `sha256:…`. `noSuchImage` when it is not on the host.
    public func inspectImage(_ image: String) async throws -> DockerImage {
        if !image.hasPrefix("sha256:") { _ = try DockerImageReference(image) }
        return try await read(.get(.inspectImage, image, ["images"] + image.pathParts + ["json"]))
    }

    /// Those that a reference (with `*`) names; all without.
    public func listImages(reference: String? = nil) async throws -> [DockerImage] {
        try await read(
            .get(.listImages, "\(endpoint)", ["images", "json"]).with {
                guard let reference else { return }
                let filter = DockerJSON.object(["reference": .texts([reference])])
                $0.query = [("filters", String(decoding: try encoded(filter), as: UTF8.self))]
            })
    }

    /// Removes a tag, and the image with its last one. `inUse` by a container.
    @discardableResult public func removeImage(_ image: String) async throws -> DockerChange {
        if !image.hasPrefix("sha256:") { _ = try DockerImageReference(image) }
        return try await remove(
            .delete(.removeImage, image, ["images"] + image.pathParts).with { $0.allow(60) })
    }

    /// Brings an image onto the host and returns it. `noSuchImage`, `unauthorized`, `diskFull`, `unreachable` and
    /// `rateLimited` tell who is to act; layers that arrived are kept for the next try. Cancelling ends the download.
    /// - Parameters:
    ///   - login: nil: what the client has for the image's registry, if anything.
    ///   - idle: the longest silence; a registry that stalls is given up after it.
    @discardableResult public func pullImage(
        _ reference: DockerImageReference, login: DockerRegistryLogin? = nil, timeout: Duration = .seconds(3600),
        idle: Duration = .seconds(180), progress: @Sendable (DockerPullProgress) -> Void = { _ in }
    ) async throws -> DockerImage {
        let login = login ?? registries.login(for: reference)
        let call = try DockerCall.post(.pullImage, "\(reference)", ["images", "create"]).with {
            $0.query = [("fromImage", reference.repository), ("tag", reference.version)]
            if let login { $0.headers = [("X-Registry-Auth", try login.header())] }
            $0.total = timeout
            $0.idle = idle
        }
        do {
            try await download(call, progress)
        } catch let error as DockerError where [.unauthorized, .noSuchImage].contains(error.kind) {
            // Docker's words often name neither.
            let place = "\(reference.registry), asked for \(reference) with \(login == nil ? "no" : "a") login"
            throw DockerError(
                error.kind, .pullImage, target: call.target, status: error.status, message: "\(place): \(error.message)"
            )
        }
        // A clean end without a failure is success only if the image is there (contract docker, "Images").
        return try await inspectImage("\(reference)")
    }

    private func download(_ call: DockerCall, _ progress: (DockerPullProgress) -> Void) async throws {
        let response = try await stream(call)
        var lines = LineSplitter()
        do {
            try await forEachChunk(of: response, call) { chunk in
                for line in try lines.feed(chunk) { try note(line, call, progress) }
            }
            if let line = lines.finish() { try note(line, call, progress) }
        } catch is LineSplitter.TooLong {
            throw DockerError(.unavailable, .pullImage, target: call.target, message: "a line is too long")
        }
    }

    private func note(_ line: [UInt8], _ call: DockerCall, _ progress: (DockerPullProgress) -> Void) throws {
        struct Failure: Decodable {
            var words: String?
            init(from decoder: any Decoder) throws {
                struct Detail: Decodable { var message: String? }
                let fields = try DockerFields(decoder)
                let detail: Detail? = fields.find("errorDetail")
                let older: String? = fields.find("error")
                words = detail?.message ?? older
            }
        }
        let data = Data(line)
        if let words = try? JSONDecoder().decode(Failure.self, from: data).words {
            let kind = DockerWording.pull(words.lowercased()) ?? .failed
            throw DockerError(kind, .pullImage, target: call.target, message: words)
        }
        if let step = try? JSONDecoder().decode(DockerPullProgress.self, from: data) { progress(step) }
    }
}

extension String {
    /// Slashes of an image's name stay slashes in the path.
    fileprivate var pathParts: [String] { split(separator: "/").map(String.init) }
}
