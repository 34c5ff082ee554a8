import FoundationEssentials
import Outbound

/// The routes of the server at one moment, and what locks them at that.
public struct CaddyRouteList: Sendable, Equatable {
    /// The JSON array as Caddy wrote it; `null` when the server has none yet.
    public var array: [UInt8]
    /// For `If-Match`: names path and hash.
    public var etag: String

    /// The server is there, but not its `routes`.
    var isMissing: Bool { array == Array("null".utf8) }
}

/// Where a route with an `@id` stands, in whatever server.
public struct CaddyFoundRoute: Sendable, Equatable {
    /// `/config/apps/http/servers/main/routes/3`. Moves when others change the list: for people, not for writing.
    public var path: String
    public var route: CaddyJSON
}

extension CaddyClient {
    /// - Throws: `noServer` when Caddy has no server of that name: nothing follows for its routes.
    public func routes() async throws -> CaddyRouteList {
        let call = CaddyCall(action: .readRoutes, target: serverTarget, method: "GET", path: routesPath)
        let (body, etag) = try await readLocked(call)
        let list = CaddyRouteList(array: body, etag: etag)
        guard list.isMissing || body.first == UInt8(ascii: "[") else { throw unreadable(call, "routes are no array") }
        return list
    }

    /// Writes what a plan made of this very list, in one call: one route by its index, several as the whole array.
    /// The index is safe because the lock is on the array that it counts in.
    /// - Throws: `changedMeanwhile` when the list is not what it was: read, plan and apply again.
    public func apply(_ change: RouteChange, to list: CaddyRouteList) async throws {
        var call = CaddyCall(
            action: .writeRoutes, target: "\(serverTarget) (\(change))", method: "PATCH", path: routesPath,
            body: change.array, ifMatch: list.etag)
        if list.isMissing {
            call.method = "POST"  // sets what is not there, where PATCH insists on something to replace
        } else if let step = change.steps.first, change.steps.count == 1, step.kind != .move {
            switch step.kind {
            case .add:
                // Inserting behind the last one is an error in 2.6.2; POST appends.
                let isLast = step.index == change.countBefore
                call.method = isLast ? "POST" : "PUT"
                if !isLast { call.path += "/\(step.index)" }
            case .replace: call.path += "/\(step.index)"
            case .remove, .removeDuplicate:
                call.method = "DELETE"
                call.path += "/\(step.index)"
            case .move: break
            }
            call.body = step.route
        }
        _ = try await send(call)
    }

    /// Looks in all servers; `nil` when no object has that `@id`.
    public func find(_ id: CaddyName) async throws -> CaddyFoundRoute? {
        let call = CaddyCall(action: .findRoute, target: "route \(id)", method: "GET", path: "/id/\(id)")
        do {
            let (body, etag) = try await readLocked(call)
            let path = etag.drop { $0 == "\"" }.prefix { $0 != " " }
            return CaddyFoundRoute(path: String(path), route: try read(body, of: call))
        } catch let error as CaddyError where error.kind == .notFound {
            return nil
        }
    }

    /// Body and `Etag`, without which nothing could be changed safely.
    func readLocked(_ call: CaddyCall) async throws -> (body: [UInt8], etag: String) {
        let response = try await send(call)
        guard let etag = response.headers["etag"] else { throw unreadable(call, "the answer has no Etag") }
        return (response.body.trimmed, etag)
    }

    func read<Answer: Decodable>(_ body: [UInt8], of call: CaddyCall) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body))
        } catch {
            throw unreadable(call, "the answer is not the expected JSON")
        }
    }
}
