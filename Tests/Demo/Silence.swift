import Foundation
import Synchronization

/// Asks the gateways how they are all the time, and remembers for how long each gave no good answer at most.
final class Silence: Sendable {
    /// Seldom enough that a gateway that starts a process for each question is not kept busy by ours alone.
    private static let pauseMicroseconds: UInt32 = 200_000

    private let longest = Mutex<[Int: Duration]>([:])
    private let isOver = Atomic(false)
    private let threads = DispatchGroup()

    init(_ ports: [Int]) {
        for port in ports {
            threads.enter()
            // Of its own: in the pool that everything else here runs on, it would take a place that others need.
            Thread.detachNewThread {
                self.watch(port)
                self.threads.leave()
            }
        }
    }

    /// The longest silence of each port, in seconds.
    func end() async -> [Double] {
        isOver.store(true, ordering: .relaxed)
        await withCheckedContinuation { done in threads.notify(queue: .global()) { done.resume() } }
        return longest.withLock { $0.values.map { $0 / .seconds(1) } }
    }

    private func watch(_ port: Int) {
        var heard = ContinuousClock.now
        while !isOver.load(ordering: .relaxed) {
            if Self.isWell(port) { heard = .now }
            let silence = ContinuousClock.now - heard
            longest.withLock { $0[port] = max($0[port] ?? .zero, silence) }
            usleep(Self.pauseMicroseconds)
        }
    }

    /// Whether `/healthz` is answered with 200: that somebody has the port would not say that it is a gateway.
    private static func isWell(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 2, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isOpen = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isOpen == 0 else { return false }
        let question = Array("GET /healthz HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else {
            return false
        }
        var answer = [UInt8](repeating: 0, count: 12)
        let count = recv(descriptor, &answer, answer.count, Int32(MSG_WAITALL))
        return count == answer.count && answer.suffix(4) == Array(" 200".utf8)
    }
}
