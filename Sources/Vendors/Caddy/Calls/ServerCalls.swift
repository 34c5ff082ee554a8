extension CaddyClient {
    /// Makes the server that `routes()` did not find, with as many of its parents as are missing; one that appeared
    /// meanwhile is left as it is. Where there is no configuration at all, none is made: without an `admin` block it
    /// would move the admin endpoint (contract caddy, "Trap").
    public func createServer() async throws {
        let call = CaddyCall(action: .createServer, target: serverTarget, method: "POST", path: serverPath)
        guard settings.createsServer else {
            throw CaddyError(.noServer, .createServer, target: serverTarget, admin: settings.admin)
        }
        var value = settings.server.json
        let levels = [
            (serverPath, nil), ("/config/apps/http/servers", settings.server.name.text),
            ("/config/apps/http", "servers"), ("/config/apps", "http"),
        ]
        for (path, child) in levels {
            if let child { value = .object([child: value]) }
            let look = CaddyCall(action: .readServer, target: serverTarget, method: "GET", path: path)
            guard let (found, etag) = try await readIfThere(look) else { continue }
            guard found == Array("null".utf8) else {
                if child == nil { return }
                throw CaddyError(.changedMeanwhile, .createServer, target: serverTarget, admin: settings.admin)
            }
            var write = call
            write.path = path
            write.body = try encoded(value)
            write.ifMatch = etag
            _ = try await send(write)
            return
        }
        throw CaddyError(.noConfig, .createServer, target: serverTarget, admin: settings.admin)
    }

    /// `nil` when what should hold it is missing.
    private func readIfThere(_ call: CaddyCall) async throws -> (body: [UInt8], etag: String)? {
        do {
            return try await readLocked(call)
        } catch let error as CaddyError where error.kind == .noServer {
            return nil
        }
    }
}
