import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage

/// One line of text an entry, for terminals, files and pipes; under journald's stream with the `<N>` prefix
/// instead of a time, which journald adds itself.
final class TextOutput: Sendable {
    private let descriptor: FileDescriptor
    private let isJournal: Bool
    /// Lines of several threads must not run into each other.
    private let turn = Mutex(())

    init(_ descriptor: FileDescriptor, isJournal: Bool) {
        self.descriptor = descriptor
        self.isJournal = isJournal
    }

    /// False when the reader at the other end doesn't keep up.
    func write(_ line: LogLine) -> Bool {
        let start = isJournal ? "<\(line.priority)>" : Date.now.formatted(.iso8601) + " "
        let bytes = Array((start + line.text + "\n").utf8)
        return turn.withLock { _ in
            var rest = bytes[...]
            while !rest.isEmpty {
                // A pipe that polls as writable takes PIPE_BUF bytes without blocking.
                guard isWritable(), let count = writeOnce(rest.prefix(Int(PIPE_BUF))) else {
                    return false
                }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }

    private func writeOnce(_ bytes: ArraySlice<UInt8>) -> Int? {
        bytes.withUnsafeBytes { try? descriptor.write($0) }
    }

    private func isWritable() -> Bool {
        var wait = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        return poll(&wait, 1, 0) == 1
    }
}
