import Foundation
import Synchronization

/// Knocks at the gateways' ports all the time, and remembers how long each was silent at most.
final class Silence: Sendable {
    private let longest = Mutex<[Int: Duration]>([:])
    private let isOver = Atomic(false)
    private let threads = DispatchGroup()

    init(_ ports: [Int]) {
        for port in ports {
            DispatchQueue.global().async(group: threads) { self.watch(port) }
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
            if Self.isOpen(port) { heard = .now }
            let silence = ContinuousClock.now - heard
            longest.withLock { $0[port] = max($0[port] ?? .zero, silence) }
            usleep(20_000)
        }
    }

    private static func isOpen(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }
}
