import Dispatch
import Glibc
import Synchronization

/// The host's own resolver. `getaddrinfo` blocks and can't be called off, so each look-up has a thread of Dispatch, away from the
/// cooperative pool; one that takes too long is left to itself and its answer is dropped.
public struct Resolver: Sendable {
    private let timeoutMs: Int
    private let ask: @Sendable (String) -> NameAnswer
    private static let queue = DispatchQueue(label: "converged.resolver", attributes: .concurrent)

    public init(timeoutMs: Int = 5000) { self.init(timeoutMs: timeoutMs, ask: Self.askHost) }

    /// `ask` may block for as long as it likes.
    init(timeoutMs: Int, ask: @escaping @Sendable (String) -> NameAnswer) {
        self.timeoutMs = timeoutMs
        self.ask = ask
    }

    /// IPv4 addresses of a name, in order. Never throws: what went wrong is an answer too.
    public func lookUp(_ name: String) async -> NameAnswer {
        await withCheckedContinuation { continuation in
            let first = First(continuation)
            Self.queue.async { first.answer(ask(name)) }
            Self.queue.asyncAfter(deadline: .now() + .milliseconds(timeoutMs)) {
                first.answer(.silence("no answer within \(timeoutMs) ms"))
            }
        }
    }

    /// Of the answer and the end of the time, what comes first counts.
    private final class First: Sendable {
        private let waiting: Mutex<CheckedContinuation<NameAnswer, Never>?>

        init(_ continuation: CheckedContinuation<NameAnswer, Never>) { waiting = Mutex(continuation) }

        func answer(_ answer: NameAnswer) {
            waiting.withLock { $0.take() }?.resume(returning: answer)
        }
    }

    private static func askHost(_ name: String) -> NameAnswer {
        var hints = addrinfo()
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // With a dot at the end the resolver does not try the host's search domains.
        let status = getaddrinfo(name.contains(".") ? name + "." : name, nil, &hints, &list)
        // EAI_NODATA: the name is there, without an IPv4 address; Glibc's module leaves it out.
        if status == EAI_NONAME || status == -5 { return .none }
        guard status == 0 else { return .silence(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(list) }
        var addresses: Set<String> = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(INET_ADDRSTRLEN))
            if getnameinfo(
                entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            {
                addresses.insert(text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) })
            }
            next = entry.ai_next
        }
        return .addresses(addresses.sorted())
    }
}
