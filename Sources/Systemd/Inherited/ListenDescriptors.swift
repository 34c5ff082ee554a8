import CSystemd
import Glibc
import SystemPackage

/// Sockets that systemd bound and handed over (`LISTEN_FDS`), so that a port is never closed while the daemon
/// restarts, and the daemon needs no right to bind one.
public enum ListenDescriptors {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// The sockets by the name in their unit (`FileDescriptorName=`); empty when none were handed over. The caller
    /// owns them, so this is called once, at start. The variables stay in the environment (`unsetenv` isn't safe
    /// beside threads); they name this process and mean nothing to a child.
    public static func take() throws -> [(descriptor: FileDescriptor, name: String)] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = sd_listen_fds_with_names(0, &names)
        guard count >= 0 else {
            throw Failure(
                description: "the sockets from systemd can't be taken over: \(Errno(rawValue: -count)). "
                    + "Check LISTEN_FDS and LISTEN_FDNAMES, which the socket unit sets.")
        }
        defer {
            for index in 0..<Int(count) { free(names?[index]) }
            free(names)
        }
        return try (0..<Int(count)).map { index in
            let descriptor = SD_LISTEN_FDS_START + Int32(index)
            let name = names?[index].map { String(cString: $0) } ?? "unknown"
            guard sd_is_socket(descriptor, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), 1) > 0 else {
                throw Failure(
                    description: "descriptor \(descriptor) from systemd, named '\(name)', is not a listening stream "
                        + "socket. Use ListenStream= in the socket unit, with Accept=no.")
            }
            return (FileDescriptor(rawValue: descriptor), name)
        }
    }
}
