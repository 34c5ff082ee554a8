/// One kind of call that is let through.
struct Rule: Sendable {
    enum Part: Sendable, Equatable {
        case word(String)
        case container, exec, network, volume
        /// One component or more.
        case image
    }

    enum Body: Sendable {
        /// Nothing, or white space.
        case none
        case json(Shape)
        case archive
    }

    var action: String
    var method: String
    var path: [Part]
    /// Everything else in the query is refused. Needed ones are in `needs`.
    var query: [String: Word] = [:]
    var needs: [String] = []
    /// Keys of the filters that may be sent.
    var filters: [String]?
    /// The filters get our label: nothing without it is shown.
    var onlyOurs = false
    var body = Body.none
    var isUnversioned = false
}

/// Every call that our client makes (Sources/Vendors/Docker) and an operator's look needs; all others are refused.
extension Rule {
    static let all: [Rule] = system + containers + inside + others

    private static let system: [Rule] = [
        Rule(action: "ping", method: "GET", path: [.word("_ping")], isUnversioned: true),
        Rule(action: "version", method: "GET", path: [.word("version")]),
        Rule(action: "info", method: "GET", path: [.word("info")]),
        Rule(
            action: "watch-events", method: "GET", path: [.word("events")],
            query: ["since": Words.moment, "until": Words.moment], filters: ["type", "label", "event"], onlyOurs: true),
    ]

    private static let containers: [Rule] = [
        Rule(
            action: "list-containers", method: "GET", path: [.word("containers"), .word("json")],
            query: ["all": .one(of: "0", "1", "true", "false")], filters: ["label", "name", "status"], onlyOurs: true),
        Rule(
            action: "create-container", method: "POST", path: [.word("containers"), .word("create")],
            query: ["name": Words.name], needs: ["name"], body: .json(Bodies.container)),
        on("GET", "json", "inspect-container"),
        on("POST", "start", "start-container"),
        on("POST", "stop", "stop-container", ["t": .number(0...3600)]),
        on("POST", "restart", "restart-container", ["t": .number(0...3600)]),
        on("POST", "unpause", "unpause-container"),
        on("POST", "kill", "kill-container", ["signal": Words.signal]),
        on("POST", "rename", "rename-container", ["name": Words.name], needs: ["name"]),
        on("POST", "update", "update-container", body: .json(Bodies.update)),
        on("POST", "wait", "wait-container", ["condition": .one(of: "not-running", "next-exit", "removed")]),
        on(
            "GET", "logs", "read-logs",
            ["stdout": flag, "stderr": flag, "tail": Words.tail, "since": Words.moment]),
        // Its arguments would go to a `ps` on the host.
        on("GET", "top", "list-processes"),
        Rule(
            action: "remove-container", method: "DELETE", path: [.word("containers"), .container],
            query: ["force": flag, "v": flag]),
    ]

    private static let inside: [Rule] = [
        on("PUT", "archive", "put-archive", ["path": Words.path], needs: ["path"], body: .archive),
        on("GET", "archive", "get-archive", ["path": Words.path], needs: ["path"]),
        on("HEAD", "archive", "stat-path", ["path": Words.path], needs: ["path"]),
        on("POST", "exec", "create-exec", body: .json(Bodies.exec)),
        Rule(
            action: "start-exec", method: "POST", path: [.word("exec"), .exec, .word("start")],
            body: .json(Bodies.execStart)),
        Rule(action: "inspect-exec", method: "GET", path: [.word("exec"), .exec, .word("json")]),
    ]

    private static let others: [Rule] = [
        Rule(
            action: "pull-image", method: "POST", path: [.word("images"), .word("create")],
            query: ["fromImage": Words.repository, "tag": Words.tag], needs: ["fromImage", "tag"]),
        Rule(
            action: "list-images", method: "GET", path: [.word("images"), .word("json")], filters: ["reference"]),
        Rule(action: "inspect-image", method: "GET", path: [.word("images"), .image, .word("json")]),
        Rule(
            action: "list-networks", method: "GET", path: [.word("networks")], filters: ["label", "name"],
            onlyOurs: true),
        Rule(
            action: "create-network", method: "POST", path: [.word("networks"), .word("create")],
            body: .json(Bodies.network)),
        Rule(action: "inspect-network", method: "GET", path: [.word("networks"), .network]),
        Rule(action: "remove-network", method: "DELETE", path: [.word("networks"), .network]),
        Rule(
            action: "list-volumes", method: "GET", path: [.word("volumes")], filters: ["label", "name"],
            onlyOurs: true),
        Rule(
            action: "create-volume", method: "POST", path: [.word("volumes"), .word("create")],
            body: .json(Bodies.volume)),
        Rule(action: "inspect-volume", method: "GET", path: [.word("volumes"), .volume]),
        Rule(action: "remove-volume", method: "DELETE", path: [.word("volumes"), .volume]),
    ]

    private static let flag = Word.one(of: "0", "1")

    private static func on(
        _ method: String, _ verb: String, _ action: String, _ query: [String: Word] = [:], needs: [String] = [],
        body: Body = .none
    ) -> Rule {
        Rule(
            action: action, method: method, path: [.word("containers"), .container, .word(verb)], query: query,
            needs: needs, body: body)
    }
}
