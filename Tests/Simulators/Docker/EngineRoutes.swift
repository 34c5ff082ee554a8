/// One call of the API.
struct EngineRoute: Sendable {
    typealias Handler = @Sendable (inout DockerWorld, EngineRequest) throws -> EngineReply
    var action: String
    var query: Set<String>
    var body: Shape?
    var handler: Handler

    init(_ action: String, _ query: String = "", body: Shape? = nil, _ handler: @escaping Handler) {
        self.action = action
        self.query = Set(query.split(separator: " ").map(String.init))
        self.body = body
        self.handler = handler
    }

    /// By method and path, in which ids are stars.
    static let table: [String: EngineRoute] = [containers, verbs, images, others].reduce(into: [:]) {
        $0.merge($1) { one, _ in one }
    }

    private static let containers: [String: EngineRoute] = [
        "POST containers/create": EngineRoute("create-container", "name platform", body: .createContainer) {
            try $0.createContainer($1)
        },
        "GET containers/json": EngineRoute("list-containers", "all limit size filters") {
            try $0.listContainers($1)
        },
        "GET containers/*/json": EngineRoute("inspect-container", "size") { try $0.inspectContainer($1) },
        "DELETE containers/*": EngineRoute("remove-container", "v force link") { try $0.removeContainer($1) },
        "GET containers/*/logs": EngineRoute(
            "read-logs", "follow stdout stderr since until timestamps tail"
        ) { try $0.readLogs($1) },
        "PUT containers/*/archive": EngineRoute("put-archive", "path noOverwriteDirNonDir copyUIDGID") {
            try $0.putArchive($1)
        },
        "GET containers/*/archive": EngineRoute("get-archive", "path") { try $0.getArchive($1) },
        "HEAD containers/*/archive": EngineRoute("stat-path", "path") { try $0.statPath($1) },
    ]

    private static let verbs: [String: EngineRoute] = [
        "POST containers/*/start": EngineRoute("start-container", "detachKeys") { try $0.startContainer($1) },
        "POST containers/*/stop": EngineRoute("stop-container", "t signal") { try $0.stopContainer($1) },
        "POST containers/*/kill": EngineRoute("kill-container", "signal") { try $0.killContainer($1) },
        "POST containers/*/restart": EngineRoute("restart-container", "t signal") { try $0.restartContainer($1) },
        "POST containers/*/pause": EngineRoute("pause-container") { try $0.pauseContainer($1) },
        "POST containers/*/unpause": EngineRoute("unpause-container") { try $0.unpauseContainer($1) },
        "POST containers/*/rename": EngineRoute("rename-container", "name") { try $0.renameContainer($1) },
        "POST containers/*/update": EngineRoute("update-container", body: .updateContainer) {
            try $0.updateContainer($1)
        },
        "POST containers/*/wait": EngineRoute("wait-container", "condition") { try $0.waitContainer($1) },
        "POST containers/*/exec": EngineRoute("create-exec", body: .createExec) { try $0.createExec($1) },
        "POST exec/*/start": EngineRoute("start-exec", body: .startExec) { try $0.startExec($1) },
        "GET exec/*/json": EngineRoute("inspect-exec") { try $0.inspectExec($1) },
    ]

    private static let images: [String: EngineRoute] = [
        "POST images/create": EngineRoute("pull-image", "fromImage fromSrc repo tag message changes platform") {
            try $0.pullImage($1)
        },
        "GET images/json": EngineRoute("list-images", "all filters digests shared-size") { try $0.listImages($1) },
        "GET images/*/json": EngineRoute("inspect-image", "manifests platform") { try $0.inspectImage($1) },
        "DELETE images/*": EngineRoute("remove-image", "force noprune platforms") { try $0.removeImage($1) },
    ]

    private static let others: [String: EngineRoute] = [
        "GET _ping": EngineRoute("ping") { world, _ in world.ping() },
        "HEAD _ping": EngineRoute("ping") { world, _ in world.ping() },
        "GET version": EngineRoute("version") { world, _ in world.tellVersion() },
        "GET info": EngineRoute("info") { world, _ in world.tellInfo() },
        "GET events": EngineRoute("watch-events", "since until filters") { try $0.watchEvents($1) },
        "POST networks/create": EngineRoute("create-network", body: .createNetwork) { try $0.createNetwork($1) },
        "GET networks": EngineRoute("list-networks", "filters") { try $0.listNetworks($1) },
        "GET networks/*": EngineRoute("inspect-network", "verbose scope") { try $0.inspectNetwork($1) },
        "DELETE networks/*": EngineRoute("remove-network") { try $0.removeNetwork($1) },
        "POST volumes/create": EngineRoute("create-volume", body: .newVolume) { try $0.createVolume($1) },
        "GET volumes": EngineRoute("list-volumes", "filters") { try $0.listVolumes($1) },
        "GET volumes/*": EngineRoute("inspect-volume") { try $0.inspectVolume($1) },
        "DELETE volumes/*": EngineRoute("remove-volume", "force") { try $0.removeVolume($1) },
    ]
}

extension DockerWorld {
    func ping() -> EngineReply { .bytes(200, [("Content-Type", "text/plain; charset=utf-8")], Array("OK".utf8)) }

    func tellInfo() -> EngineReply {
        .json(
            200,
            [
                "ID": .string(options.engineID), "Name": "simulated", "ServerVersion": .string(options.release),
                "OperatingSystem": "Debian GNU/Linux 12 (bookworm)", "OSType": "linux", "Architecture": "x86_64",
            ])
    }

    func tellVersion() -> EngineReply {
        .json(
            200,
            [
                "ApiVersion": .string(options.version), "MinAPIVersion": .string(options.oldestVersion),
                "Version": .string(options.release), "Os": "linux", "Arch": "amd64", "GitCommit": "simulated",
                "KernelVersion": "6.1.0", "Platform": ["Name": "Docker Engine"],
                "Components": [["Name": "Engine", "Version": .string(options.release)]],
            ])
    }
}
