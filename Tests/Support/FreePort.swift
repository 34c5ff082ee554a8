import Glibc
import Synchronization

/// Ports for servers that cannot be asked which one they took: below those that the kernel gives to others, each once
/// in a process.
public enum FreePort {
    private static let next = Mutex(Int.random(in: 12_000..<28_000))

    public static func take() throws -> Int {
        for _ in 0..<1000 {
            let port = next.withLock { port in
                port = port >= 28_000 ? 12_000 : port + 1
                return port
            }
            if isFree(port) { return port }
        }
        throw ChildProcess.Failure(description: "no free port")
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }
}
