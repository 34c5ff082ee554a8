/// A request after its route was found.
struct FlyRequest: Sendable {
    var action: String
    var app = ""
    /// Second id of the path: machine, volume, address, secret.
    var target = ""
    /// Third id of the path: a metadata key.
    var key = ""
    var org = ""
    var query: [String: String]
    var nonce: String?
    var body: JSON
    /// What a fault makes a list show.
    var view = ListView.current

    func flag(_ name: String) -> Bool { ["true", "1", ""].contains(query[name] ?? "false") }
}

/// Which truth a list tells.
enum ListView: Sendable, Hashable {
    case current, empty, emptyPage
    case behind(Duration)
}

/// The answer of a handler.
enum FlyReply: Sendable {
    case json(Int, String)
    case nothing(Int)
    /// Wait on a machine; answered later.
    case wait(WaitTerms)
}

/// One call of the API.
struct FlyRoute: Sendable {
    typealias Handler = @Sendable (inout FlyWorld, FlyRequest) throws -> FlyReply
    var action: String
    var query: Set<String>
    var body: Shape?
    var handler: Handler

    init(_ action: String, query: Set<String> = [], body: Shape? = nil, _ handler: @escaping Handler) {
        self.action = action
        self.query = query
        self.body = body
        self.handler = handler
    }

    /// By method and path, in which ids are stars.
    static let table: [String: FlyRoute] = appRoutes.merging(volumeRoutes, uniquingKeysWith: first)
        .merging(machineRoutes, uniquingKeysWith: first).merging(machineVerbs, uniquingKeysWith: first)
        .merging(otherRoutes, uniquingKeysWith: first)

    private static func first(_ one: FlyRoute, _ other: FlyRoute) -> FlyRoute { one }

    /// Ids stand at fixed places: `apps/ID/machines/ID/metadata/KEY`, `orgs/ID/machines`.
    static func pattern(method: String, segments: [String]) -> String {
        let hasIDs = segments.first == "apps" || segments.first == "orgs"
        let shown = segments.enumerated().map { hasIDs && $0.offset % 2 == 1 ? "*" : $0.element }
        return method + " " + shown.joined(separator: "/")
    }
}

extension FlyRoute {
    static let appRoutes: [String: FlyRoute] = [
        "GET apps": FlyRoute("list-apps", query: ["org_slug", "app_role"]) { try $0.listApps($1) },
        "POST apps": FlyRoute("create-app", query: ["wait"], body: .createApp) { try $0.createApp($1) },
        "GET apps/*": FlyRoute("get-app") { try $0.getApp($1) },
        "DELETE apps/*": FlyRoute("delete-app", query: ["force"]) { try $0.deleteApp($1) },
        "GET apps/*/ip_assignments": FlyRoute("list-addresses") { try $0.listAddresses($1) },
        "POST apps/*/ip_assignments": FlyRoute("allocate-address", body: .address) { try $0.allocateAddress($1) },
        "DELETE apps/*/ip_assignments/*": FlyRoute("release-address") { try $0.releaseAddress($1) },
        "GET apps/*/secrets": FlyRoute("list-secrets", query: ["min_version", "show_secrets"]) {
            try $0.listSecrets($1)
        },
        "POST apps/*/secrets": FlyRoute("set-secrets", body: .secrets) { try $0.setSecrets($1) },
        "GET apps/*/secrets/*": FlyRoute("get-secret", query: ["min_version", "show_secrets"]) {
            try $0.getSecret($1)
        },
        "POST apps/*/secrets/*": FlyRoute("set-secret", body: .secret) { try $0.setSecret($1) },
        "DELETE apps/*/secrets/*": FlyRoute("delete-secret") { try $0.deleteSecret($1) },
    ]

    static let volumeRoutes: [String: FlyRoute] = [
        "GET apps/*/volumes": FlyRoute("list-volumes", query: ["summary"]) { try $0.listVolumes($1) },
        "POST apps/*/volumes": FlyRoute("create-volume", body: .createVolume) { try $0.createVolume($1) },
        "GET apps/*/volumes/*": FlyRoute("get-volume") { try $0.getVolume($1) },
        "PUT apps/*/volumes/*": FlyRoute("update-volume", body: .updateVolume) { try $0.updateVolume($1) },
        "PUT apps/*/volumes/*/extend": FlyRoute("extend-volume", body: .extendVolume) { try $0.extendVolume($1) },
        "DELETE apps/*/volumes/*": FlyRoute("delete-volume") { try $0.deleteVolume($1) },
        "GET apps/*/volumes/*/snapshots": FlyRoute("list-snapshots") { try $0.listSnapshots($1) },
        "POST apps/*/volumes/*/snapshots": FlyRoute("create-snapshot") { try $0.createSnapshot($1) },
    ]

    static let machineRoutes: [String: FlyRoute] = [
        "GET apps/*/machines": FlyRoute("list-machines", query: listFilters) { try $0.listMachines($1) },
        "POST apps/*/machines": FlyRoute("create-machine", body: .createMachine) { try $0.createMachine($1) },
        "GET apps/*/machines/*": FlyRoute("get-machine") { try $0.getMachine($1) },
        "POST apps/*/machines/*": FlyRoute("update-machine", body: .updateMachine) { try $0.updateMachine($1) },
        "DELETE apps/*/machines/*": FlyRoute("delete-machine", query: ["force", "kill"]) {
            try $0.deleteMachine($1)
        },
        "GET apps/*/machines/*/events": FlyRoute("list-events", query: ["limit"]) { try $0.listEvents($1) },
        "GET apps/*/machines/*/versions": FlyRoute("list-versions") { try $0.listVersions($1) },
        "GET apps/*/machines/*/ps": FlyRoute("list-processes", query: ["sort_by", "order"]) {
            try $0.listProcesses($1)
        },
        "GET apps/*/machines/*/metadata": FlyRoute("get-metadata") { try $0.getMetadata($1) },
        "PUT apps/*/machines/*/metadata": FlyRoute("replace-metadata", body: .metadata) {
            try $0.replaceMetadata($1)
        },
        "PATCH apps/*/machines/*/metadata": FlyRoute("merge-metadata", body: .metadata) { try $0.mergeMetadata($1) },
        "GET apps/*/machines/*/metadata/*": FlyRoute("get-metadata-key") { try $0.getMetadataKey($1) },
        "POST apps/*/machines/*/metadata/*": FlyRoute("set-metadata-key", body: .metadataKey) {
            try $0.setMetadataKey($1)
        },
        "DELETE apps/*/machines/*/metadata/*": FlyRoute("delete-metadata-key") { try $0.deleteMetadataKey($1) },
    ]

    static let machineVerbs: [String: FlyRoute] = [
        "POST apps/*/machines/*/start": FlyRoute("start-machine") { try $0.startMachine($1) },
        "POST apps/*/machines/*/stop": FlyRoute("stop-machine", body: .stop) { try $0.stopMachine($1) },
        "POST apps/*/machines/*/restart": FlyRoute("restart-machine", query: ["timeout", "signal", "force_stop"]) {
            try $0.restartMachine($1)
        },
        "POST apps/*/machines/*/suspend": FlyRoute("suspend-machine") { try $0.suspendMachine($1) },
        "POST apps/*/machines/*/signal": FlyRoute("signal-machine", body: .signal) { try $0.signalMachine($1) },
        "POST apps/*/machines/*/exec": FlyRoute("exec-machine", body: .exec) { try $0.execMachine($1) },
        "POST apps/*/machines/*/cordon": FlyRoute("cordon-machine") { try $0.cordonMachine($1, true) },
        "POST apps/*/machines/*/uncordon": FlyRoute("uncordon-machine") { try $0.cordonMachine($1, false) },
        "GET apps/*/machines/*/wait": FlyRoute(
            "wait-machine", query: ["state", "timeout", "version", "instance_id", "from_event_id"]
        ) { try $0.waitMachine($1) },
        "POST apps/*/machines/*/lease": FlyRoute("take-lease", query: ["ttl"], body: .lease) { try $0.takeLease($1) },
        "GET apps/*/machines/*/lease": FlyRoute("get-lease") { try $0.getLease($1) },
        "DELETE apps/*/machines/*/lease": FlyRoute("release-lease") { try $0.releaseLease($1) },
    ]

    static let otherRoutes: [String: FlyRoute] = [
        "GET orgs/*/machines": FlyRoute("list-org-machines", query: orgFilters) { try $0.listOrgMachines($1) },
        "GET orgs/*/volumes": FlyRoute("list-org-volumes", query: orgFilters) { try $0.listOrgVolumes($1) },
        "GET platform/regions": FlyRoute("list-regions") { try $0.listRegions($1) },
        "POST platform/placements": FlyRoute("place-machines", body: .placement) { try $0.placeMachines($1) },
        "GET tokens/current": FlyRoute("get-token") { try $0.getToken($1) },
    ]

    private static let listFilters: Set<String> = ["include_deleted", "region", "state", "summary"]
    private static let orgFilters = listFilters.union(["updated_after", "cursor", "limit"])
}
