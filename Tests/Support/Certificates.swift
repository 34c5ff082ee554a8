import Foundation

/// An authority, a server (127.0.0.1 only) and a client, made by openssl for one test.
public struct Certificates: Sendable {
    public let folder: String
    public var authority: String { folder + "/ca.pem" }

    public static func make(in folder: String) async throws -> Certificates {
        let openssl = [
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        ]
        let lasting = ["-days", "2"]
        try await run(
            openssl + lasting + [
                "-subj", "/CN=Test authority", "-keyout", folder + "/ca.key", "-out", folder + "/ca.pem",
            ], in: folder)
        for (name, extra) in [("server", ["-addext", "subjectAltName=IP:127.0.0.1"]), ("client", [])] {
            let signed = ["-CA", folder + "/ca.pem", "-CAkey", folder + "/ca.key"]
            let files = ["-keyout", "\(folder)/\(name).key", "-out", "\(folder)/\(name).pem"]
            // The default extensions would make it an authority.
            let leaf = ["-addext", "basicConstraints=critical,CA:FALSE"]
            try await run(openssl + lasting + ["-subj", "/CN=\(name)"] + signed + leaf + extra + files, in: folder)
        }
        return Certificates(folder: folder)
    }

    private struct Refused: Error { let log: String }

    /// Not Foundation's `Process`: it learns of an exit by a socket that another child, started at the same moment, may
    /// have inherited.
    private static func run(_ openssl: [String], in folder: String) async throws {
        let child = try await ChildProcess.start(openssl, directory: folder, name: UUID().uuidString)
        let status = await child.wait()
        guard status == 0 else { throw Refused(log: child.log) }
    }
}
