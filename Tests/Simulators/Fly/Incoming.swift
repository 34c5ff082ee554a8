import Foundation

/// A request read once: route, ids, query, body.
struct Incoming: Sendable {
    let method: String
    let path: String
    let route: FlyRoute?
    let request: FlyRequest
    /// Raw token of the Authorization header.
    let token: String?
    let bodyProblem: String?
    let isMutating: Bool
    let bodyBytes: Int

    init(_ exchange: Exchange) {
        method = exchange.method
        path = exchange.path
        let segments = exchange.path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        let inside = segments.first == "v1" ? Array(segments.dropFirst()) : ["outside"]
        route = FlyRoute.table[FlyRoute.pattern(method: exchange.method, segments: inside)]
        var body = JSON.null
        var problem: String?
        if !exchange.body.isEmpty {
            do { body = try JSON(bytes: exchange.body) } catch { problem = "\(error)" }
        }
        bodyProblem = problem
        bodyBytes = exchange.body.count
        var request = FlyRequest(
            action: route?.action ?? "unknown", query: Self.query(exchange.query),
            nonce: exchange.header("fly-machine-lease-nonce"), body: body)
        func id(_ place: Int) -> String { inside.indices.contains(place) ? inside[place] : "" }
        if inside.first == "apps" {
            request.app = id(1)
            request.target = id(3)
            request.key = id(5)
        } else if inside.first == "orgs" {
            request.org = id(1)
        }
        self.request = request
        token = exchange.header("Authorization").flatMap(Self.token)
        isMutating = exchange.method != "GET" && request.action != "exec-machine" && request.action != "place-machines"
    }

    /// `Bearer x` or `FlyV1 x`.
    private static func token(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, ["bearer", "flyv1"].contains(parts[0].lowercased()) else { return nil }
        return String(parts[1])
    }

    /// Repeated parameters are joined with commas, as the contract allows for states.
    private static func query(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = halves.map { $0.replacing("+", with: " ").removingPercentEncoding ?? String($0) }
            let value = decoded.count > 1 ? decoded[1] : ""
            values[decoded[0]] = values[decoded[0]].map { $0 + "," + value } ?? value
        }
        return values
    }

    /// Id in the path, or what the body calls the new object.
    var target: String? {
        if !request.target.isEmpty { return request.target }
        return request.body["name"]?.string ?? request.body["type"]?.string
    }

    var app: String? {
        if !request.app.isEmpty { return request.app }
        guard request.action == "create-app" else { return nil }
        return request.body["app_name"]?.string ?? request.body["name"]?.string
    }
}
