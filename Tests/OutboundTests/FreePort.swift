import Support

extension Certificates {
    /// A port that was free a moment ago, for servers that cannot name theirs.
    static func freePort() throws -> Int {
        let server = try LoopbackServer { _, _ in .close }
        defer { server.stop() }
        return Int(server.url.split(separator: ":").last!)!
    }
}
