import Foundation

/// A request read once: version, route, ids, query, body.
struct EngineRequest: Sendable {
    var method: String
    var path: String
    /// Of the path; `nil` without one.
    var version: EngineVersion?
    var route: EngineRoute?
    var action: String
    /// Container, exec, image, network or volume in the path.
    var target = ""
    var query: [String: String] = [:]
    var body = JSON.null
    var bytes: [UInt8] = []
    var bodyProblem: String?
    var contentType: String?
    var login: String?
    var isUpgrade = false

    init(_ exchange: Exchange) {
        method = exchange.method
        path = exchange.path
        var segments = exchange.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        if let first = segments.first, first.hasPrefix("v"), let version = EngineVersion(first.dropFirst()) {
            self.version = version
            segments.removeFirst()
        }
        let (pattern, target) = Self.pattern(segments)
        self.target = target
        route = EngineRoute.table[exchange.method + " " + pattern]
        action = route?.action ?? "unknown"
        bytes = exchange.body
        contentType = exchange.header("Content-Type")
        isUpgrade = exchange.header("Upgrade") != nil
        login = exchange.header("X-Registry-Auth").flatMap(Self.login)
        for pair in exchange.query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = halves.map { $0.replacing("+", with: " ").removingPercentEncoding ?? String($0) }
            query[decoded[0]] = decoded.count > 1 ? decoded[1] : ""
        }
        guard !bytes.isEmpty, route?.body != nil else { return }
        do { body = try JSON(bytes: bytes) } catch { bodyProblem = "\(error)" }
    }

    func flag(_ name: String) -> Bool { ["1", "true", "True", "TRUE"].contains(query[name] ?? "") }

    /// Reads a container's state without changing it.
    var isReading: Bool {
        ["GET", "HEAD"].contains(method) || action == "wait-container"
    }

    /// What the call speaks of.
    var object: String? {
        if !target.isEmpty { return target }
        if action == "pull-image" {
            return [query["fromImage"], query["tag"]].compactMap(\.self).joined(separator: ":")
        }
        return query["name"] ?? body["Name"]?.string
    }

    /// Ids become stars. Names of images have slashes.
    private static func pattern(_ segments: [String]) -> (String, String) {
        guard segments.count > 1, let kind = segments.first else { return (segments.joined(separator: "/"), "") }
        let literal = [
            "containers/json", "containers/create", "images/json", "images/create", "networks/create",
            "volumes/create",
        ]
        let whole = segments.joined(separator: "/")
        if literal.contains(whole) { return (whole, "") }
        if kind == "images" {
            let hasVerb = segments.count > 2 && segments.last == "json"
            let name = segments.dropFirst().dropLast(hasVerb ? 1 : 0).joined(separator: "/")
            return (hasVerb ? "images/*/json" : "images/*", name)
        }
        return (([kind, "*"] + segments.dropFirst(2)).joined(separator: "/"), segments[1])
    }

    /// base64url of `{"username","password"}`.
    private static func login(_ header: String) -> String? {
        var text = header.replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        guard let data = Data(base64Encoded: text), let json = try? JSON(bytes: Array(data)) else { return nil }
        return (json["username"]?.string ?? "") + ":" + (json["password"]?.string ?? "")
    }
}

extension DockerWorld {
    /// The filters of a list, `{"label":["a=b"]}` or, from old clients, `{"label":{"a=b":true}}`.
    mutating func filters(_ request: EngineRequest, known: Set<String>) throws -> [String: [String]] {
        guard let text = request.query["filters"], !text.isEmpty else { return [:] }
        guard let fields = (try? JSON(parsing: text))?.fields else {
            breach(.brokenJSON, "\(request.action) with filters=\(text)")
            throw EngineRefusal(isOld ? 500 : 400, "invalid character 'b' looking for beginning of value")
        }
        var filters: [String: [String]] = [:]
        for (key, value) in fields {
            guard known.contains(key) else {
                breach(.unknownFilter, "\(request.action) with \(key)")
                throw EngineRefusal(400, "Invalid filter '\(key)'")
            }
            filters[key] = value.items?.compactMap(\.string) ?? value.fields.map { Array($0.keys) } ?? []
        }
        return filters
    }
}
