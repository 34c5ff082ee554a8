import CSystemd
import Glibc
import SystemPackage

/// The way into journald. `sd_journal_sendv` isn't used on purpose: its socket is a blocking one shared by the
/// process, so a journald that is slow or stopped would hold every thread that logs, on the cooperative pool;
/// it also reports success when there is no journald, which would lose the entry instead of sending it to
/// standard error. Here a full queue is an answer (`busy`), never a wait.
final class JournalSocket: Sendable {
    enum Delivery: Equatable { case sent, busy, absent }

    private let socket: FileDescriptor
    private let address: sockaddr_un

    /// Nil when `path` is too long for a socket address or no socket can be had.
    init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        self.address = address
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let raw = Glibc.socket(AF_UNIX, type, 0)
        guard raw >= 0 else { return nil }
        socket = FileDescriptor(rawValue: raw)
        // Entries not yet read by journald are charged to the sender: ask for what libsystemd asks for; the
        // kernel gives less to a process without privileges.
        var room: Int32 = 8 * 1024 * 1024
        setsockopt(raw, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { try? socket.close() }

    /// Not connected, but addressed each time: a new journald is reached without having to notice it.
    func send(_ bytes: [UInt8]) -> Delivery {
        let sent = withAddress { sendto(socket.rawValue, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1) }
        if sent >= 0 { return .sent }
        switch Errno(rawValue: errno) {
        case .messageTooLong, .noBufferSpace: return sendSealed(bytes)
        case let error: return Self.delivery(error)
        }
    }

    /// Too big for a datagram: the same bytes in a sealed memory file, whose descriptor is the datagram.
    private func sendSealed(_ bytes: [UInt8]) -> Delivery {
        let file = converged_sealed_file(bytes, bytes.count)
        guard file >= 0 else { return .busy }
        defer { close(file) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let error = withUnsafePointer(to: address) { converged_send_descriptor(socket.rawValue, $0, length, file) }
        return error == 0 ? .sent : Self.delivery(Errno(rawValue: error))
    }

    private static func delivery(_ error: Errno) -> Delivery {
        switch error {
        case .noSuchFileOrDirectory, .connectionRefused, .permissionDenied: .absent
        default: .busy
        }
    }

    private func withAddress<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
