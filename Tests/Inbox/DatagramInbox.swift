import CSystemd
import Foundation
import Support
import SystemPackage

/// The other end of a datagram socket: stands where systemd or journald would read.
public final class DatagramInbox: Sendable {
    public let path: String
    private let descriptor: FileDescriptor

    public init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "inbox-\(UUID().uuidString.prefix(8))").path
        descriptor = FileDescriptor(rawValue: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw Errno(rawValue: errno) }
    }

    deinit {
        try? descriptor.close()
        unlink(path)
    }

    /// The next datagram; nil when none is waiting. The content of a descriptor sent instead of bytes is read, and
    /// `isSealed` says that nobody can change it any more.
    public func next() throws -> (bytes: [UInt8], isSealed: Bool)? {
        var waiting = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 0) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        var passed: Int32 = -1
        let count = converged_receive(descriptor.rawValue, &bytes, bytes.count, &passed)
        guard count >= 0 else { throw Errno(rawValue: Int32(-count)) }
        guard passed >= 0 else { return (Array(bytes.prefix(count)), false) }
        let file = FileDescriptor(rawValue: passed)
        let size = try file.seek(offset: 0, from: .end)
        bytes = [UInt8](repeating: 0, count: Int(size))
        _ = try bytes.withUnsafeMutableBytes { try file.read(fromAbsoluteOffset: 0, into: $0) }
        let isSealed = (try? file.writeAll(toAbsoluteOffset: 0, [0])) == nil
        try file.close()
        return (bytes, isSealed)
    }

    public func all() throws -> [String] {
        var texts: [String] = []
        while let datagram = try next() { texts.append(String(decoding: datagram.bytes, as: UTF8.self)) }
        return texts
    }

    /// Reads up to the first datagram with this text; throws when none came within 30 s.
    public func wait(for text: String) async throws {
        try await eventually("a datagram says \(text)", within: .seconds(30)) {
            while let datagram = try next() {
                if String(decoding: datagram.bytes, as: UTF8.self) == text { return true }
            }
            return false
        }
    }
}
