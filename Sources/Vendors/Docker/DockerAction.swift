/// What can be asked of a Docker daemon. The name is part of errors and logs.
public enum DockerAction: String, Sendable, CaseIterable {
    case ping
    case version
    case info
    case createContainer = "create-container"
    case inspectContainer = "inspect-container"
    case listContainers = "list-containers"
    case startContainer = "start-container"
    case stopContainer = "stop-container"
    case killContainer = "kill-container"
    case restartContainer = "restart-container"
    case unpauseContainer = "unpause-container"
    case renameContainer = "rename-container"
    case updateContainer = "update-container"
    case waitContainer = "wait-container"
    case removeContainer = "remove-container"
    case readLogs = "read-logs"
    case pullImage = "pull-image"
    case inspectImage = "inspect-image"
    case listImages = "list-images"
    case removeImage = "remove-image"
    case createExec = "create-exec"
    case startExec = "start-exec"
    case inspectExec = "inspect-exec"
    case putArchive = "put-archive"
    case getArchive = "get-archive"
    case statPath = "stat-path"
    case watchEvents = "watch-events"
    case createNetwork = "create-network"
    case inspectNetwork = "inspect-network"
    case listNetworks = "list-networks"
    case removeNetwork = "remove-network"
    case createVolume = "create-volume"
    case inspectVolume = "inspect-volume"
    case listVolumes = "list-volumes"
    case removeVolume = "remove-volume"

    /// A lost answer has to be looked up (design law 6). A pull only adds to a cache, and may be asked for again.
    public var isMutation: Bool {
        switch self {
        case .ping, .version, .info, .inspectContainer, .listContainers, .waitContainer, .readLogs, .pullImage,
            .inspectImage, .listImages, .inspectExec, .getArchive, .statPath, .watchEvents, .inspectNetwork,
            .listNetworks,
            .inspectVolume, .listVolumes:
            false
        default: true
        }
    }

    /// `Outbound` may ask again by itself. Whoever follows events wants to hear of the disconnect at once.
    var isRepeatable: Bool { !isMutation && self != .watchEvents }
}
