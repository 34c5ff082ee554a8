import FoundationEssentials

/// The one table of what daemons say when they refuse (contract docker, and dockerd 20.10). Statuses alone are
/// ambiguous: 409 has seven meanings, 500 stands for a port in use as well as for a full disk.
struct DockerWording: Sendable {
    /// Statuses under which the wording counts; empty: any.
    var statuses: Set<Int> = []
    var actions: Set<DockerAction> = []
    /// Lower case; one of them is enough.
    var phrases: [String]
    var kind: @Sendable (_ text: String) -> DockerError.Kind

    /// First match wins, so the narrower wording stands first.
    static let table: [DockerWording] = [
        DockerWording(statuses: [400], phrases: ["client version"]) { _ in .versionRefused },
        DockerWording(phrases: ["no space left on device", "disk quota exceeded"]) { _ in .diskFull },
        DockerWording(statuses: [409], phrases: ["is already in use by container"]) { .nameTaken(by: holder(in: $0)) },
        DockerWording(statuses: [409], actions: [.createNetwork], phrases: ["already exists"]) { _ in
            .nameTaken(by: nil)
        },
        DockerWording(statuses: [404], actions: [.createContainer, .inspectImage], phrases: ["no such image"]) { _ in
            .noSuchImage
        },
        DockerWording(statuses: [400], actions: [.createContainer], phrases: ["bind source path does not exist"]) { _ in
            .needMissing
        },
        DockerWording(statuses: [409], phrases: ["is already in progress", "marked for removal"]) { _ in
            .removalInProgress
        },
        DockerWording(statuses: [409], phrases: ["has already run", "is already running"]) { _ in .alreadyStarted },
        DockerWording(statuses: [409], phrases: ["is paused", "paused container"]) { _ in .paused },
        // A 500 in the daemons that we know.
        DockerWording(actions: [.unpauseContainer], phrases: ["is not paused"]) { _ in .conflict },
        DockerWording(statuses: [409], phrases: ["is not running"]) { _ in .notRunning },
        DockerWording(statuses: [409], phrases: ["remove a running container", "container is running"]) { _ in
            .running
        },
        DockerWording(statuses: [409], phrases: ["volume is in use", "is using its"]) { _ in .inUse },
        DockerWording(statuses: [403, 409], phrases: ["has active endpoints"]) { _ in .inUse },
        DockerWording(
            actions: [.startContainer, .restartContainer],
            phrases: ["address already in use", "port is already allocated"]
        ) { _ in .portInUse },
        DockerWording(
            statuses: [400, 500], actions: [.startContainer, .restartContainer],
            phrases: [
                "executable file not found", "exec format error",
                "unable to start container process: exec:",
            ]
        ) { _ in .cannotExecute },
    ]

    static func first(action: DockerAction, status: Int, text: String) -> DockerWording? {
        let lowered = text.lowercased()
        if action == .pullImage, let kind = pull(lowered) { return DockerWording(phrases: []) { _ in kind } }
        return table.first { wording in
            (wording.statuses.isEmpty || wording.statuses.contains(status))
                && (wording.actions.isEmpty || wording.actions.contains(action))
                && wording.phrases.contains { lowered.contains($0) }
        }
    }

    /// What a pull says, before its stream begins or in it. The status tells nothing: a tag that does not exist is
    /// 500 in 20.10 (contract docker, "Events").
    static func pull(_ lowered: String) -> DockerError.Kind? {
        pulls.first { $0.phrases.contains { lowered.contains($0) } }?.kind
    }

    private static let pulls: [(phrases: [String], kind: DockerError.Kind)] = [
        (["client version"], .versionRefused),
        (["no space left on device", "disk quota exceeded"], .diskFull),
        (["toomanyrequests", "too many requests"], .rateLimited),
        (
            [
                "unauthorized", "no basic auth credentials", "authentication required", "pull access denied",
                "access to the resource is denied", "incorrect username or password",
            ], .unauthorized
        ),
        (
            ["manifest unknown", "not found", "name unknown", "no matching manifest", "not known to registry"],
            .noSuchImage
        ),
        (["invalid reference format", "invalid tag", "must be lowercase"], .invalid),
        (
            [
                "dial tcp", "no such host", "connection refused", "connection reset", "i/o timeout", "tls handshake",
                "deadline exceeded", "unexpected eof", "network is unreachable", "server misbehaving",
                "client.timeout", "x509:", "service unavailable", "bad gateway",
            ], .unreachable
        ),
    ]

    /// `… is already in use by container "32cd…"`: the id to look at.
    static func holder(in text: String) -> String? {
        guard let start = text.firstRange(of: "by container \"") else { return nil }
        let id = text[start.upperBound...].prefix { $0.isHexDigit && $0.isASCII }
        return id.isEmpty ? nil : String(id)
    }

    /// OpenSSL's alerts when a server does not take our certificate, or wants one.
    static func isCertificateRefused(_ text: String) -> Bool {
        let lowered = text.lowercased()
        return lowered.contains("alert") && lowered.contains("certificate")
    }
}
